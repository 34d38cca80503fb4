"""Sections below the map, one at a time: each costs nothing until it is opened."""
