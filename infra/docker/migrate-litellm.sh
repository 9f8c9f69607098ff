#!/bin/sh
# Brings LiteLLM's database (LITELLM_DATABASE_URL) to the schema of the LiteLLM in this image.
set -eu
packages=$(python -c 'import pathlib, litellm_proxy_extras; print(pathlib.Path(litellm_proxy_extras.__file__).parent.parent)')
exec node litellm/engine/migrate.mjs --packages "$packages"
