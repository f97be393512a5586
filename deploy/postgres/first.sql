-- Once, as a superuser: psql -v password=… -f first.sql
-- The login owns the tables and may make the database of a drill; the role owns nothing and is the second wall.
CREATE ROLE yuetan_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
CREATE ROLE yuetan_login LOGIN PASSWORD :'password' NOSUPERUSER CREATEDB;
GRANT yuetan_app TO yuetan_login;
CREATE DATABASE yuetan OWNER yuetan_login TEMPLATE template0 ENCODING 'UTF8';
