"""The read API for partners: figures and public facts, nobody's data."""
