# syntax=docker/dockerfile:1
# The runner and LiteLLM: the upstream image, unmodified, with our runner, authentication and hook beside it.
# Build it, but do not publish it: the upstream image contains the proprietary litellm-enterprise package.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG LITELLM_IMAGE=ghcr.io/berriai/litellm-database:v1.103.1

FROM ${NODE_IMAGE} AS modules
WORKDIR /signalbox
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --omit=optional --ignore-scripts
COPY infra/docker/keep-dependencies.mjs infra/docker/runtime-dependencies.json infra/docker/
RUN node infra/docker/keep-dependencies.mjs runner . && npm prune --omit=dev --omit=optional --ignore-scripts --offline

FROM ${LITELLM_IMAGE} AS runner
USER root
WORKDIR /signalbox
COPY --from=modules /signalbox/node_modules node_modules
COPY litellm litellm
COPY --chmod=0555 infra/docker/check-litellm-image.py infra/docker/healthcheck.py ./
# Fails the build, not the start, if another upstream image does not hold what the runner needs.
RUN python check-litellm-image.py && install -d -o 10001 -g 10001 -m 0700 /var/lib/signalbox
# PRISMA_* and PATH stay as upstream set them: they lead to the engines in the image.
ENV SIGNALBOX_HOST=0.0.0.0 \
    SIGNALBOX_PRISMA_ENGINE=native \
    SIGNALBOX_RUNNER_DATA_DIR=/var/lib/signalbox \
    HOME=/tmp \
    XDG_CACHE_HOME=/tmp/cache \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 4012
# The runner itself is healthy while it restarts LiteLLM, so it is asked for its own liveliness only.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["python", "healthcheck.py", "http://127.0.0.1:4012/health/liveliness"]
# Upstream's entry point would start LiteLLM itself.
ENTRYPOINT []
CMD ["python", "litellm/runner/main.py"]
