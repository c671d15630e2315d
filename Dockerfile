# The image of `migrate` and `api` in docker-compose.yml. What may enter it is listed in .dockerignore.

FROM python:3.13-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore

RUN python -m venv --without-pip /opt/venv

# Locked packages first, so that a change of Farout's own code does not install them anew. Wheels
# alone: building from source would fetch build tools that no lock file names.
COPY requirements/production.txt /tmp/production.txt
RUN pip --python /opt/venv/bin/python install \
    --require-hashes --no-deps --only-binary :all: -r /tmp/production.txt

WORKDIR /app
COPY alembic.ini pyproject.toml README.md ./
COPY migrations migrations
COPY backend backend

# Farout runs from /app: alembic.ini and migrations/ stand beside the package. Bytecode is made here,
# because the root file system is read-only later; setuptools has done its work.
RUN pip --python /opt/venv/bin/python install --no-deps --no-build-isolation --editable . \
    && pip --python /opt/venv/bin/python uninstall --yes setuptools \
    && /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash backend migrations


FROM python:3.13-slim

LABEL org.opencontainers.image.title="Farout" \
      org.opencontainers.image.description="The self-hosted backend of a Discord community" \
      org.opencontainers.image.licenses="MIT"

RUN groupadd --gid 10001 farout \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin farout

COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

WORKDIR /app
USER 10001:10001
EXPOSE 8000
CMD ["farout", "serve", "--host", "0.0.0.0", "--port", "8000"]
