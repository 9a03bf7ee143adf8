"""Mail: from the bytes a mailbox holds to what a person reads, and back.

Everything here but the mailbox and the sender is pure: bytes and texts in,
frozen values out, the same every time. Mail is written by strangers, so nothing
in this room raises because of what a mail says: what cannot be read is kept
whole and parked, with the reason in words.
"""
