"""Spark: reports tagged on many machines, and the recurring table over them (`clas-nlp[spark]`).

import clas_nlp.spark

tagged = clas_nlp.spark.tag(reports, text="text", report="name", details=True)
table = clas_nlp.spark.recurring(tagged, by="service")
"""

from clas_nlp.spark.counting import recurring
from clas_nlp.spark.tagging import tag

__all__ = ["recurring", "tag"]
