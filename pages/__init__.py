"""The app's pages: a script each, over the rooms that they share.

language    the visitor’s language, and what is said in it
stage       large pictures, galleries and downloads, made from views
frame       what surrounds a page: head, navigation, notices, its URL
controls    what a visitor can set
run         loading a model and running it, with progress and fallbacks
"""
