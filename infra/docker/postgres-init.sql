-- Run once, by the postgres image, on an empty data folder. The passwords come from the environment, so that they are
-- in no argument list. signalbox_app is made by `cli migrate`, which takes its password from APP_DATABASE_URL.
\getenv owner_password OWNER_DATABASE_PASSWORD
\getenv litellm_password LITELLM_DATABASE_PASSWORD
CREATE ROLE signalbox_owner LOGIN CREATEROLE PASSWORD :'owner_password';
-- CREATEDB: should LiteLLM's database be lost, its own role makes it again.
CREATE ROLE litellm LOGIN CREATEDB PASSWORD :'litellm_password';
CREATE DATABASE signalbox OWNER signalbox_owner;
CREATE DATABASE litellm OWNER litellm;
REVOKE CONNECT ON DATABASE litellm FROM PUBLIC;
