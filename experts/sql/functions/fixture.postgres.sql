CREATE TABLE t (
  id INTEGER PRIMARY KEY,
  i INTEGER,
  j INTEGER,
  d DECIMAL(10,2),
  f DOUBLE PRECISION,
  s VARCHAR(40),
  n VARCHAR(20),
  day DATE,
  moment TIMESTAMP,
  flag BOOLEAN,
  doc JSON
);
INSERT INTO t (id, i, j, d, f, s, n, day, moment, flag, doc) VALUES
(1, 5, 2, 2.50, 2.5, 'banana', '12', '2021-01-31', '2021-01-31 23:59:59', TRUE, '{"a": 1, "b": [1, 2, 3], "c": {"d": "x"}}'),
(2, -7, 2, -2.50, -2.5, 'Banana', '-3.5', '2020-02-29', '2020-02-29 00:00:00', FALSE, '{"a": "text", "b": [], "c": null}'),
(3, 0, 0, 0.00, 0, '', '', '2024-12-30', '2024-12-30 12:30:45', NULL, '{"a": true, "b": ["x", "y"]}'),
(4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
(5, 5, 3, 1.25, 2.675, ' Ärger ', '007', '1999-12-31', '1999-12-31 06:05:04', TRUE, '{}'),
(6, 100, -3, -0.55, -0.5, 'a,b,,c', '1.5e2', '2023-01-01', '2023-01-01 00:00:01', FALSE, '{"a": null, "b": {"x": 1}}'),
(7, 1000000, 7, 99999.99, 10000000000, 'xxBananaxx', 'abc', '2024-03-01', '2024-03-01 15:16:17', TRUE, '{"a": "12", "b": [1, {"z": 2}], "c": {"d": "say \"hi\""}}'),
(8, 1, 1, 1.00, 0.5, 'ÉCOLE 日本', '12abc', '2022-06-15', '2022-06-15 09:00:00', TRUE, '{"a": 2.5, "b": ["B", "a"]}');
