"""One model trained on several devices: each holds all weights and computes a part of every batch.

`Placement` says on which devices (`placement`). Its scope is entered only while a model is made, compiled, trained,
evaluated or asked for predictions (`placed_model`), so that whatever distribution the user has set is in force again
afterwards. On JAX it is `keras.distribution.DataParallel`, on TensorFlow `tf.distribute.MirroredStrategy` with batches
shared out evenly (`even_batches`). Keras on torch has neither: there each further device has a process of its own
(`followers`, `follower`, `copies`), which computes its rows of each batch (`exchange`, `shared_model`).
"""

from amber.backend.distribution.placement import BACKENDS, Placement, as_many_as_there_are

__all__ = ["BACKENDS", "Placement", "as_many_as_there_are"]
