"""What people look at: the web app's files and its reports."""
