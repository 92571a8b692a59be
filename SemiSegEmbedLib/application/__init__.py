"""The Slicer door of the library: presenters without Qt, views on widgets, and the bridge to the MRML scene."""
