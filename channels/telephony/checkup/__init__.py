"""What the doctor looks at, one module a matter; the words are in ``phrases_en`` and ``phrases_ru``."""
