"""Stands in for the package of this name, whose C does not compile any more: what Autobahn's suite needs of it, fast enough in Python 2.7."""
