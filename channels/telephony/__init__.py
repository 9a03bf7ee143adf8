"""Asterisk: hearing it over AMI, and telling it what to do."""
