# SPDX-License-Identifier: Apache-2.0
"""Stands in for the build backend of llama-cpp-python while pip downloads it.

`pip download` asks a source package's backend for its metadata. We want the
archive alone: this answers instead, so that pip fetches nothing else and runs
nothing of the package. scripts/setup puts this folder on PYTHONPATH.
"""
