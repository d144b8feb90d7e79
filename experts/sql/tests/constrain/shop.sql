CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE customers (customer_id SERIAL PRIMARY KEY, name TEXT NOT NULL, email VARCHAR(80) UNIQUE, city TEXT, joined DATE, feels mood);
CREATE TABLE products (product_id INT PRIMARY KEY, name TEXT, price NUMERIC(10, 2), tags TEXT[], details JSONB);
CREATE TABLE orders (order_id INT PRIMARY KEY, customer_id INT REFERENCES customers, ordered_at TIMESTAMP, status TEXT, note TEXT);
CREATE TABLE order_lines (order_id INT REFERENCES orders, line INT, product_id INT REFERENCES products, quantity INT, PRIMARY KEY (order_id, line));
CREATE TABLE employees (id INT PRIMARY KEY, name TEXT, boss INT REFERENCES employees, salary NUMERIC, dept TEXT);
CREATE VIEW big_orders AS SELECT o.order_id, o.customer_id, SUM(l.quantity) AS pieces FROM orders o JOIN order_lines l ON l.order_id = o.order_id GROUP BY o.order_id;
CREATE VIEW people AS SELECT * FROM customers;
