"""What leads out of the graph: mappings to other open data, in the forms in which others exchange them.

Reads the published graphs; the links themselves are written by people, in data/links.ttl.
"""
