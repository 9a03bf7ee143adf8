"""A call centre to look at: a tour company in Almaty, its people, its clients, and a PBX that plays real calls."""
