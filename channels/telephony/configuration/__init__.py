"""Writes what a PBX needs to work with us: Asterisk's files, and our own settings' part."""
