"""Integrations: a spaCy component, a scikit-learn estimator, `datasets` both ways, and batches.

Batches are how Spark, Dask, Ray and `datasets` tag; for Spark see also `clas_nlp.spark`.

Each module here imports the library that it serves, so import the one that you need:

    from clas_nlp.integrations.sklearn_estimator import ThemeClassifier
    from clas_nlp.integrations.datasets_bridge import from_dataset, to_dataset
    from clas_nlp.integrations.batches import BatchTagger
    nlp.add_pipe("clas_themes")  # spaCy finds clas_nlp.integrations.spacy_component by itself
"""
