"""The laboratory: a real Asterisk, with SIPp and soft phones around it, started by the tests themselves."""
