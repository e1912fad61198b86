"""The neural back end: a fine-tuned sentence encoder that reads beside the linear layers.

Optional (`pip install 'clas-nlp[neural]'`), and used where a model's folder holds one.
"""

from clas_nlp.neural.reader import NeuralReader, NeuralScores

__all__ = ["NeuralReader", "NeuralScores"]
