"""Mails to contacts: their texts, one file a language in languages/, and their form as messages."""
