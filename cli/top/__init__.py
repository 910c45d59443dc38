"""The workers as they work, on a screen that keeps itself up to date. `screen` needs Textual, an extra's."""
