// Small enhancements of server-rendered pages; each page works without them.
