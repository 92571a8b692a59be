"""SemiSegEmbed: semi-supervised segmentation via embedding matching, for 3D Slicer and headless use.

Importing this package is cheap on purpose: it imports neither torch nor slicer. Import the room you need.
"""

__version__ = "0.1.0"
