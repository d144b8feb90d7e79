CREATE SCHEMA shop;
CREATE TABLE "Exhibit" ("Id" INT PRIMARY KEY, "Full Name" TEXT, "order" INT, größe NUMERIC, "Größe (cm)" NUMERIC, made DATE);
CREATE TABLE shop.sales (sale_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, exhibit INT, "user" TEXT, amount NUMERIC, at TIMESTAMPTZ);
CREATE TABLE visits (day DATE, visitors INT, year INT, PRIMARY KEY (day, year));
CREATE MATERIALIZED VIEW per_day AS SELECT day, SUM(visitors) total FROM visits GROUP BY day;
CREATE VIEW "Best" AS WITH b AS (SELECT "Id" AS id, "Full Name" FROM "Exhibit") SELECT b.*, 1 AS one FROM b;
CREATE VIEW renamed(a, b) AS SELECT day, visitors FROM visits;
