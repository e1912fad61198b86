"""Integrations: a spaCy component, a scikit-learn estimator, and `datasets` both ways.

Each module here imports the library that it serves, so import the one that you need:

    from clas_nlp.integrations.sklearn_estimator import ThemeClassifier
    from clas_nlp.integrations.datasets_bridge import BatchTagger, from_dataset, to_dataset
    nlp.add_pipe("clas_themes")  # spaCy finds clas_nlp.integrations.spacy_component by itself
"""
