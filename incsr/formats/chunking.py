"""How text becomes chunks of bytes: a small answer is one chunk, a large one several of about 64 kB."""

CHUNK_CHARACTERS = 64 * 1024


def chunked(parts):
    """Join an iterable of strings into UTF-8 chunks of about CHUNK_CHARACTERS characters."""
    held, size = [], 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= CHUNK_CHARACTERS:
            yield "".join(held).encode()
            held, size = [], 0
    if held:
        yield "".join(held).encode()
