"""The command line, `clientward`: the outermost layer, which may import every other and which none imports.

Rules: a mistake gets one line on stderr that says what to do, and an exit code (0 done, 1 failed, 2 wrong use); never a
traceback. What is slow to import (Faust, aiokafka, redis) is imported by the command that needs it, when it runs.
"""
