"""The classes of Keras models that graphs are built into."""
