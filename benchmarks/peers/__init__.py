"""The peers: programs that do the same work without this project, each as its own users would write it."""
