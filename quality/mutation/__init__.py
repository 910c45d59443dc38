"""A mutation run: small mistakes of meaning put into the code, one at a time, to see whether the quick tests notice them.

`operators` are the mistakes, as changes of a syntax tree; `targets` are the files they are put into, and the sample drawn;
`reach` finds which test runs which line; `trial` runs the tests that reach a mistake, in a process of its own in which the
one module is compiled with the mistake in it (no file is touched). Unlike the rest of `quality` it runs in the product's
environment: `make mutation`.
"""
