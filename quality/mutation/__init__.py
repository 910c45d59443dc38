"""A mutation run: small mistakes of meaning put into the code, one at a time, to see whether the quick tests notice them.

`operators` are the mistakes, as changes of a syntax tree; `targets` are the files they are put into, and the sample drawn.
`collected` are the quick tests, imported once, and `reach` is which of them runs which line, measured a file of tests at a
time and kept; `trial` runs the tests that reach a mistake, in a fork (`forks`) in which a function has the mistake in it
(`patching`), or in which the one module is compiled with it; no file is touched. Unlike the rest of `quality` it runs in the
product's environment: `make mutation`.
"""
