# The worker and every other command of `clientward`, as nobody in particular, on a root that can be read only.
# The Python version is the one that the tests run on; the libraries are those of the lock, checked by their hashes.

FROM python:3.11.14-slim-trixie AS base

# With a C compiler, which the slim one has not: the core is compiled.
FROM python:3.11.14-trixie AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
# The environment has no pip of its own: what runs has no use for an installer.
RUN python -m venv --without-pip /opt/clientward
WORKDIR /src
# The libraries first: they are installed again only where the locks change, not with every change of the code. Wheels
# only: a source would be built with tools that no hash pins.
COPY requirements/runtime.lock requirements/build.lock requirements/
RUN pip --python /opt/clientward/bin/python install \
      --only-binary :all: --require-hashes --requirement requirements/runtime.lock \
 && pip install --only-binary :all: --require-hashes --requirement requirements/build.lock
COPY . .
# No isolation: it would fetch a build backend that no hash pins. What builds is this stage's own, and none of what runs.
# The last line asks with -P: else it would see the source in this folder, and not what is installed.
RUN pip wheel --no-index --no-deps --no-build-isolation --wheel-dir /wheels ./packages/client ./packages/store . \
 && pip --python /opt/clientward/bin/python install --no-index --no-deps /wheels/*.whl \
 && /opt/clientward/bin/python -P -c "from relationship import core; assert core.__file__.endswith('.so'), 'the core is not compiled'"

FROM base
LABEL org.opencontainers.image.title="clientward" \
      org.opencontainers.image.description="Finds, on the event, the moment when a customer becomes a client" \
      org.opencontainers.image.licenses="Apache-2.0"
# Numbers, so that an engine can see that it is not root. The folder is Faust's: its content may be lost.
RUN groupadd --gid 10001 clientward \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin clientward \
 && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/clientward
COPY --from=build /opt/clientward /opt/clientward
ENV PATH=/opt/clientward/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CLIENTWARD_DATA_DIR=/var/lib/clientward
# A clientward.toml that is mounted here is found.
WORKDIR /etc/clientward
USER 10001:10001
EXPOSE 6066
# Ready: its partitions are recovered and open, and Redis answers. http.client, since urllib would ask a proxy.
HEALTHCHECK --interval=10s --timeout=5s --retries=3 --start-period=5m CMD ["python", "-c", "\
from http.client import HTTPConnection; from os import environ; \
probe = HTTPConnection('127.0.0.1', int(environ.get('CLIENTWARD_WEB_PORT') or 6066), timeout=4); \
probe.request('GET', '/readyz'); \
raise SystemExit(probe.getresponse().status != 200)"]
ENTRYPOINT ["clientward"]
CMD ["worker"]
