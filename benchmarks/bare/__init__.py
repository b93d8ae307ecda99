"""The baselines that need a server: the least Django that stores what a station sends."""
