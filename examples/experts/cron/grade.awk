# Grades a cron schedule by the times that it means.
#
# Reads one JSON object with the texts `completion` and `gold`, and a list of texts `alternatives`, and writes one
# JSON object with `score` and `findings`. The completion is compared with the gold and with each alternative, and the
# best score counts:
#
#   1          it means the same times
#   0 to 0.5   it is a schedule, and means others: a tenth for each of the five fields that agrees
#   0          it is no schedule
#
# A schedule is five fields as Vixie cron and cronie read them: `*`, numbers, ranges, steps after `*` or a range, lists
# of these, the first three letters of months and weekdays in English, and 7 for Sunday. If day of month and weekday are
# both restricted (neither begins with `*`), a day that matches either is meant.
#
# POSIX awk only: no arrays of arrays, no functions of gawk.

BEGIN {
    name[1] = "minute";       low[1] = 0; high[1] = 59
    name[2] = "hour";         low[2] = 0; high[2] = 23
    name[3] = "day of month"; low[3] = 1; high[3] = 31
    name[4] = "month";        low[4] = 1; high[4] = 12
    name[5] = "weekday";      low[5] = 0; high[5] = 7
    split("jan feb mar apr may jun jul aug sep oct nov dec", months, " ")
    for (i = 1; i <= 12; i++) number["4" months[i]] = i
    split("sun mon tue wed thu fri sat", weekdays, " ")
    for (i = 1; i <= 7; i++) number["5" weekdays[i]] = i - 1
    split("31 29 31 30 31 30 31 31 30 31 30 31", days, " ")
    escape["\""] = "\""; escape["\\"] = "\\"; escape["/"] = "/"
    escape["b"] = "\b"; escape["f"] = "\f"; escape["n"] = "\n"; escape["r"] = "\r"; escape["t"] = "\t"
}

{ json = json $0 "\n" }

END {
    at = 1
    alternatives = 0
    read_value("", 0)
    skip_blanks()
    if (at <= length(json)) fail("text after the JSON value")
    if (!("completion" in text)) fail("no text `completion`")
    if (!("gold" in text)) fail("no text `gold`")

    wanted[0] = text["gold"]
    for (i = 1; i <= alternatives; i++) wanted[i] = text["alternatives", i]

    fault = schedule(text["completion"], "got")
    if (fault != "") {
        report(0, finding("not-a-schedule", fault))
        exit 0
    }
    score = -1
    for (i = 0; i <= alternatives; i++) {
        fault = schedule(wanted[i], "want")
        if (fault != "") fail((i ? "alternative " i : "the gold answer") ": " fault)
        compare()
        if (this_score > score) {
            score = this_score
            findings = this_findings
        }
    }
    report(score, findings)
}

# ---- schedules

# Expands the schedule `line` into set[side, field, value], each field's text into source[side, field], and whether a
# field is restricted into restricted[side, field]. Returns what is wrong with it, or nothing.
function schedule(line, side,    parts, n, f, fault) {
    gsub(/^[ \t\r\n]+|[ \t\r\n]+$/, "", line)
    if (line ~ /[\r\n]/) return "expected one line, got several"
    n = line == "" ? 0 : split(line, parts, /[ \t]+/)
    if (n != 5) return "expected 5 fields, got " n " in `" line "`"
    for (f = 1; f <= 5; f++) {
        fault = field(parts[f], side, f)
        if (fault != "") return name[f] " `" parts[f] "`: " fault
    }
    return ""
}

function field(source_text, side, f,    items, n, i, v, fault) {
    for (v = low[f]; v <= high[f]; v++) delete set[side, f, v]
    source[side, f] = source_text
    restricted[side, f] = source_text !~ /^\*/
    if (source_text ~ /^,|,$|,,/) return "an empty item in a list"
    n = split(source_text, items, ",")
    for (i = 1; i <= n; i++) {
        fault = item(items[i], side, f)
        if (fault != "") return fault
    }
    return ""
}

# Adds one item of a list: `*`, `5`, `1-5`, each of `*` and ranges perhaps with a step.
function item(it, side, f,    halves, n, step, first, last, v, ends) {
    step = 1
    n = split(it, halves, "/")
    if (n > 2) return "more than one step in `" it "`"
    if (n == 2) {
        if (halves[1] != "*" && halves[1] !~ /-/) return "a step needs `*` or a range before it"
        if (halves[2] !~ /^[0-9]+$/ || halves[2] + 0 < 1) return "expected a step of at least 1, got `" halves[2] "`"
        step = halves[2] + 0
    }
    if (halves[1] == "*") {
        first = low[f]
        last = f == 5 ? 6 : high[f]
    } else {
        n = split(halves[1], ends, "-")
        if (n > 2) return "expected one range, got `" halves[1] "`"
        first = value(ends[1], f)
        last = n == 2 ? value(ends[2], f) : first
        if (first < 0) return unreadable(ends[1], f)
        if (last < 0) return unreadable(ends[2], f)
        if (first > last) return "the range `" halves[1] "` ends before it begins"
    }
    for (v = first; v <= last; v += step) set[side, f, f == 5 ? v % 7 : v] = 1
    return ""
}

# The number that `word` stands for in field `f`, or -1.
function value(word, f,    key) {
    key = f tolower(word)
    if (key in number) return number[key]
    if (word !~ /^[0-9]+$/ || length(word) > 3) return -1
    return word + 0 >= low[f] && word + 0 <= high[f] ? word + 0 : -1
}

function unreadable(word, f) {
    return "expected " low[f] " to " high[f] (f > 3 ? " or a name" : "") ", got `" word "`"
}

# ---- comparison

# Compares the schedules `got` and `want` into this_score and this_findings.
function compare(    f, agreeing, same_days) {
    if (!comes("want")) fail("the schedule `" line_of("want") "` names no day of any year")
    same_days = days_agree()
    agreeing = 0
    this_findings = ""
    for (f = 1; f <= 5; f++) {
        if (f > 2 && same_days || fields_agree(f)) {
            agreeing++
        } else {
            this_findings = this_findings (this_findings == "" ? "" : ",") difference(f)
        }
    }
    if (agreeing == 5 && same_days) {
        this_score = 1
    } else {
        this_score = agreeing / 10
        # The fields name the same numbers, and one of them begins with `*` on one side only.
        if (agreeing == 5) this_findings = finding("days", "got `" line_of("got") "`, expected `" line_of("want") \
            "`: where day of month and weekday are both restricted, either is enough")
    }
}

function fields_agree(f,    v) {
    for (v = low[f]; v <= high[f]; v++) if ((("got", f, v) in set) != (("want", f, v) in set)) return 0
    return 1
}

# Whether both schedules mean the same days, whatever weekday a year begins with.
function days_agree(    m, d, w) {
    for (m = 1; m <= 12; m++)
        for (d = 1; d <= days[m]; d++)
            for (w = 0; w <= 6; w++) if (day("got", m, d, w) != day("want", m, d, w)) return 0
    return 1
}

function day(side, m, d, w) {
    if (!((side, 4, m) in set)) return 0
    if (restricted[side, 3] && restricted[side, 5]) return ((side, 3, d) in set) || ((side, 5, w) in set)
    return ((side, 3, d) in set) && ((side, 5, w) in set)
}

# Whether the schedule means any day at all, which 30 February does not.
function comes(side,    m, d, w) {
    for (m = 1; m <= 12; m++)
        for (d = 1; d <= days[m]; d++)
            for (w = 0; w <= 6; w++) if (day(side, m, d, w)) return 1
    return 0
}

function line_of(side) {
    return source[side, 1] " " source[side, 2] " " source[side, 3] " " source[side, 4] " " source[side, 5]
}

# ---- output

function difference(f,    code) {
    code = name[f]
    gsub(/ /, "-", code)
    return finding(code, name[f] ": got `" source["got", f] "`, expected `" source["want", f] "`")
}

function finding(code, message) {
    return "{\"code\":\"" code "\",\"message\":\"" quoted(message) "\"}"
}

# The message as the inside of a JSON text, cut where it is long; what is not printable ASCII is shown as `?`. Character
# by character, because awks differ in how gsub() reads backslashes.
function quoted(message,    out, i, c) {
    gsub(/[^ -~]/, "?", message)
    if (length(message) > 200) message = substr(message, 1, 200) "..."
    out = ""
    for (i = 1; i <= length(message); i++) {
        c = substr(message, i, 1)
        out = out (c == "\\" || c == "\"" ? "\\" c : c)
    }
    return out
}

function report(score, findings) {
    printf "{\"score\":%.1f,\"findings\":[%s]}\n", score, findings
}

# Ends without a grade: the input is at fault, not the answer. `exit` in END ends the program in every awk.
function fail(message) {
    printf "grade.awk: %s\n", message | "cat 1>&2"
    close("cat 1>&2")
    exit 2
}

# ---- JSON

function skip_blanks() {
    while (index(" \t\r\n", substr(json, at, 1)) && at <= length(json)) at++
}

# Reads the value that begins at `at` and moves behind it. Texts at the top level are kept in text[key], those of a
# list at the top level in text[key, 1], text[key, 2] and so on; `depth` is the number of objects and lists around.
function read_value(key, depth,    c, rest, count, inner) {
    skip_blanks()
    c = substr(json, at, 1)
    if (c == "\"") {
        rest = read_text()
        if (key != "") text[key] = rest
    } else if (c == "{") {
        at++
        skip_blanks()
        if (substr(json, at, 1) == "}") { at++; return }
        while (1) {
            skip_blanks()
            if (substr(json, at, 1) != "\"") fail("expected a key at character " at)
            inner = read_text()
            skip_blanks()
            if (substr(json, at, 1) != ":") fail("expected `:` at character " at)
            at++
            read_value(depth == 0 ? inner : "", depth + 1)
            if (!another("}")) return
        }
    } else if (c == "[") {
        at++
        skip_blanks()
        if (substr(json, at, 1) == "]") { at++; return }
        count = 0
        while (1) {
            count++
            read_value(depth == 1 && key == "alternatives" ? key SUBSEP count : "", depth + 1)
            if (depth == 1 && key == "alternatives") {
                if (!((key, count) in text)) fail("alternative " count " is no text")
                alternatives = count
            }
            if (!another("]")) return
        }
    } else {
        # A number, true, false or null.
        rest = substr(json, at, 64)
        if (!match(rest, /^[-+.0-9a-zA-Z]+/)) fail("expected a value at character " at)
        at += RLENGTH
    }
}

# After an item of an object or list: whether another one follows; moves behind the comma or the closing `mark`.
function another(mark,    c) {
    skip_blanks()
    c = substr(json, at, 1)
    if (c != "," && c != mark) fail("expected `,` or `" mark "` at character " at)
    at++
    return c == ","
}

# Reads the text that begins at `at`. Escaped characters outside of ASCII become `?`, since no schedule has any.
function read_text(    out, c, n, code) {
    at++
    out = ""
    while (1) {
        # Everything up to the next quote or backslash at once.
        if (match(substr(json, at), /["\\]/) == 0) fail("a text without its end")
        out = out substr(json, at, RSTART - 1)
        at += RSTART
        if (substr(json, at - 1, 1) == "\"") return out
        c = substr(json, at, 1)
        at++
        if (c in escape) {
            out = out escape[c]
        } else if (c == "u") {
            code = hexadecimal(substr(json, at, 4))
            if (code < 0) fail("expected four hexadecimal digits after `\\u`")
            at += 4
            out = out (code >= 32 && code < 127 ? sprintf("%c", code) : code >= 9 && code <= 13 ? " " : "?")
        } else {
            fail("unknown escape `\\" c "`")
        }
    }
}

function hexadecimal(digits,    i, n, d) {
    if (length(digits) != 4) return -1
    n = 0
    for (i = 1; i <= 4; i++) {
        d = index("0123456789abcdef", tolower(substr(digits, i, 1)))
        if (d == 0) return -1
        n = n * 16 + d - 1
    }
    return n
}
