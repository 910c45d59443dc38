"""The benchmarks: this project and its peers on the same topic and the same broker, in one run. See README.md."""
