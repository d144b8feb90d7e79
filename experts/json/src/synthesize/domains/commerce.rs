//! Buying and selling: orders, invoices, returns, stock, auctions, subscriptions.

use super::super::shape::Kind::{Choice, Clock, Count, Currency, Day, Flag, Group, Many, Measure, Money, Rows, Word};
use super::super::shape::{Field, Shape, f, shape};
use super::super::words::Source::{City, Code, Company, Country, Email, One, Person, Phone, Product, Street, Two};

const LINE: &[Field] = &[
    f("product|item|name|article", Word(Product), &["{}"]),
    f("quantity|qty|count|units", Count(1, 40), &["^{} x", "^{}", "^{} pcs"]),
    f("unit_price|price|price_each", Money(150, 40_000), &["at {} each", "({} each)", "@ {}", "for {} apiece"]),
    f(
        "color|colour",
        Word(One(&["red", "navy", "olive", "black", "cream", "teal", "grey", "plum"])),
        &["in {}", "({})"],
    ),
];

const ADDRESS: &[Field] = &[
    f("street|street_address|line1", Word(Street), &["the street is {}", "it goes to {}", "street address {}"]),
    f("city|town", Word(City), &["the city is {}", "that is in {}"]),
    f("postal_code|zip|postcode", Word(Code("#####")), &["the postal code is {}", "zip code {}"]),
    f("country", Word(Country), &["the country is {}", "it is in {}"]),
];

pub const SHAPES: &[Shape] = &[
    shape(
        "orders",
        "order",
        &["New order.", "An order came in.", "Please process this order.", "Order confirmation"],
        &[
            f(
                "customer|customer_name|buyer|client",
                Word(Person),
                &["the customer is {}", "{} placed it", "it is for {}", "ordered by {}"],
            ),
            f(
                "order_id|order_number|reference",
                Word(Code("@@-#####")),
                &["the order number is {}", "our reference is {}", "filed under {}"],
            ),
            f(
                "items|order_lines|products",
                Rows(LINE, 1, 3),
                &["they want {}", "the basket holds {}", "ordered: {}", "please send {}"],
            ),
            f(
                "ship_to|shipping_address|delivery_address",
                Group(ADDRESS),
                &["ship it to {}", "deliver to {}", "the delivery address is {}"],
            ),
            f(
                "order_date|ordered_on|placed_on",
                Day(2021, 2026),
                &["it was placed on {}", "the order is from {}", "they ordered on {}"],
            ),
            f(
                "deliver_by|delivery_date|needed_by",
                Day(2021, 2026),
                &["it must arrive by {}", "delivery is due on {}", "needed by {} at the latest"],
            ),
            f(
                "gift_wrap|is_gift|gift",
                Flag(&["no gift wrapping", "it is not a gift"]),
                &["please wrap it as a gift", "it is a gift", "gift wrapping please"],
            ),
            f(
                "payment_method|payment|paid_by",
                Choice(&[
                    ("card", &["credit card", "Visa", "a debit card"]),
                    ("invoice", &["an invoice", "on account"]),
                    ("paypal", &["PayPal"]),
                    ("cash", &["cash on delivery", "cash"]),
                ]),
                &["payment by {}", "they pay with {}", "paying by {}"],
            ),
            f(
                "total|order_total|amount",
                Money(900, 300_000),
                &["the total is {}", "it comes to {} in total", "that makes {} altogether"],
            ),
            f("currency", Currency, &["all prices are in {}", "amounts in {}"]),
        ],
    ),
    shape(
        "invoices",
        "invoice",
        &["Invoice", "Please find the invoice below.", "We received this bill.", "Billing details follow."],
        &[
            f(
                "invoice_number|invoice_id|number",
                Word(Code("INV-####")),
                &["invoice {}", "the invoice number is {}", "the bill carries the number {}"],
            ),
            f(
                "issuer|vendor|supplier|seller",
                Word(Company),
                &["it was issued by {}", "the vendor is {}", "{} sent it", "from {}"],
            ),
            f(
                "recipient|billed_to|customer",
                Word(Company),
                &["it is billed to {}", "the recipient is {}", "addressed to {}"],
            ),
            f(
                "issue_date|invoice_date|issued_on",
                Day(2020, 2026),
                &["it is dated {}", "issued on {}", "the invoice date is {}"],
            ),
            f(
                "due_date|payable_by|due_on",
                Day(2020, 2026),
                &["payment is due by {}", "please pay by {}", "it falls due on {}"],
            ),
            f(
                "net_amount|subtotal|net",
                Money(2_000, 900_000),
                &["the net amount is {}", "before tax it is {}", "subtotal {}"],
            ),
            f(
                "vat_rate|tax_rate|tax_percent",
                Measure(5, 25, 0, &["%"]),
                &["plus {} VAT", "tax is {}", "the VAT rate is {}"],
            ),
            f(
                "total_due|gross_amount|total",
                Money(3_000, 990_000),
                &["the total due is {}", "to pay: {}", "{} is due in total"],
            ),
            f("currency|currency_code", Currency, &["the currency is {}", "everything is in {}"]),
            f(
                "paid|is_paid|settled",
                Flag(&["it has not been paid yet", "still unpaid", "payment is outstanding"]),
                &["it has been paid", "already settled", "the money has arrived"],
            ),
            f(
                "line_items|positions|lines",
                Rows(LINE, 1, 3),
                &["it covers {}", "the positions are {}", "billed items: {}"],
            ),
        ],
    ),
    shape(
        "returns",
        "return-request",
        &["I would like to return something.", "Return request", "About a return.", "RMA"],
        &[
            f(
                "order_id|order_number|order_ref",
                Word(Code("#######")),
                &["the order number is {}", "it was order {}", "my order was {}"],
            ),
            f("product|article|item", Word(Product), &["it is about the {}", "I bought a {}", "the item is a {}"]),
            f(
                "reason|return_reason",
                Choice(&[
                    ("damaged", &["it arrived broken", "it came damaged", "it was cracked"]),
                    ("wrong_item", &["they sent the wrong one", "not what I ordered"]),
                    ("too_small", &["it is too small"]),
                    ("changed_mind", &["I no longer want it", "I changed my mind"]),
                ]),
                &["the reason: {}", "{}", "because {}"],
            ),
            f(
                "purchase_date|bought_on",
                Day(2022, 2026),
                &["I bought it on {}", "purchased {}", "the purchase was on {}"],
            ),
            f(
                "refund_amount|refund|amount_paid",
                Money(800, 60_000),
                &["I paid {}", "the refund should be {}", "please refund {}"],
            ),
            f(
                "refund_to|refund_method",
                Choice(&[
                    ("original_payment", &["the card I paid with", "the same account"]),
                    ("store_credit", &["a voucher", "store credit is fine"]),
                    ("bank_transfer", &["a bank transfer"]),
                ]),
                &["refund to: {}", "I would prefer {}", "as for the money: {}"],
            ),
            f(
                "unopened|is_unopened|sealed",
                Flag(&["the box has been opened", "I did unpack it"]),
                &["the box is still sealed", "I never opened it"],
            ),
            f("email|contact_email", Word(Email), &["reach me at {}", "my e-mail is {}", "write to {}"]),
            f("photos|photo_count|attachments", Count(1, 9), &["I attached {} photos", "{} pictures are enclosed"]),
        ],
    ),
    shape(
        "inventory",
        "stock-item",
        &["Stock count.", "Inventory update", "From the warehouse:", "Shelf check done."],
        &[
            f(
                "sku|article_code|item_code",
                Word(Code("@@@-####")),
                &["the SKU is {}", "article code {}", "labelled {}"],
            ),
            f("name|product|description", Word(Product), &["it is the {}", "we are talking about the {}", "item: {}"]),
            f(
                "on_hand|quantity|in_stock",
                Count(2, 4_000),
                &["{} on hand", "we have {} of them", "there are {} in stock"],
            ),
            f(
                "reorder_level|minimum_stock|reorder_at",
                Count(5, 300),
                &["reorder when there are {}", "the reorder level is {}", "the minimum is {}"],
            ),
            f("bin|location|shelf", Word(Code("@##-#")), &["they lie in {}", "shelf {}", "the location is {}"]),
            f("supplier|vendor", Word(Company), &["the supplier is {}", "we get them from {}", "{} delivers them"]),
            f(
                "weight_kg|unit_weight|weight",
                Measure(2, 900, 1, &["kg", "kilograms", "kilos"]),
                &["each weighs {}", "unit weight {}", "one is {}"],
            ),
            f(
                "last_counted|counted_on|stocktake_date",
                Day(2022, 2026),
                &["last counted on {}", "the count was on {}"],
            ),
            f(
                "fragile|is_fragile",
                Flag(&["they are sturdy", "not fragile"]),
                &["handle with care, they break", "they are fragile"],
            ),
        ],
    ),
    shape(
        "auctions",
        "lot",
        &["Auction lot", "Next under the hammer:", "Catalogue entry.", "Sale result:"],
        &[
            f("lot_number|lot|number", Count(2, 1_200), &["this is lot {}", "lot number {}", "listed as lot {}"]),
            f(
                "title|object|item",
                Word(Two(
                    &[
                        "Victorian",
                        "Edwardian",
                        "Art Deco",
                        "Baroque",
                        "Georgian",
                        "Bauhaus",
                        "Ming-style",
                        "Gustavian",
                    ],
                    &[
                        "writing desk",
                        "clock",
                        "mirror",
                        "porcelain vase",
                        "chest of drawers",
                        "silver tray",
                        "chandelier",
                        "tapestry",
                        "snuff box",
                    ],
                )),
                &["it is a {}", "the object is a {}", "a {} is on offer"],
            ),
            f(
                "starting_bid|opening_bid|reserve",
                Money(5_000, 500_000),
                &["bidding starts at {}", "the opening bid is {}", "from {}"],
            ),
            f(
                "hammer_price|sold_for|final_price",
                Money(8_000, 2_000_000),
                &["it sold for {}", "the hammer fell at {}", "it went for {}"],
            ),
            f("bidder|winner|buyer", Word(Person), &["it went to {}", "the winner is {}", "{} had the highest bid"]),
            f("bid_count|bids|number_of_bids", Count(2, 60), &["there were {} bids", "{} bids were made"]),
            f("closing_date|ends_on|sale_date", Day(2022, 2026), &["the sale is on {}", "the auction closes on {}"]),
            f(
                "condition|state",
                Choice(&[
                    ("excellent", &["flawless", "like new"]),
                    ("good", &["well kept", "in good shape"]),
                    ("fair", &["some wear", "a few scratches"]),
                    ("poor", &["badly worn", "in need of restoration"]),
                ]),
                &["condition: {}", "the condition is {}", "as for its state, {}"],
            ),
            f("currency", Currency, &["bids are in {}", "the currency is {}"]),
        ],
    ),
    shape(
        "subscriptions",
        "subscription",
        &["Subscription change.", "About my subscription:", "Account update", "Plan details below."],
        &[
            f(
                "subscriber|account_holder|customer",
                Word(Person),
                &["the subscriber is {}", "it is {}'s account", "the account belongs to {}"],
            ),
            f(
                "plan|tier|plan_name",
                Choice(&[
                    ("basic", &["the small plan", "the cheapest one"]),
                    ("plus", &["the plus plan"]),
                    ("premium", &["the top plan", "the premium one"]),
                    ("family", &["the plan for families"]),
                ]),
                &["the plan is {}", "they are on {}", "plan: {}"],
            ),
            f(
                "monthly_fee|price_per_month|fee",
                Money(299, 9_900),
                &["it costs {} a month", "the monthly fee is {}", "{} per month"],
            ),
            f(
                "renews_on|renewal_date|next_billing",
                Day(2023, 2027),
                &["it renews on {}", "the next billing is on {}"],
            ),
            f(
                "auto_renew|renews_automatically",
                Flag(&["please do not renew it automatically", "automatic renewal is off"]),
                &["it renews automatically", "automatic renewal is on"],
            ),
            f(
                "seats|users|licenses",
                Count(2, 250),
                &["there are {} seats", "{} users share it", "it covers {} people"],
            ),
            f("email|billing_email", Word(Email), &["invoices go to {}", "the billing e-mail is {}"]),
            f(
                "discount_percent|discount",
                Measure(5, 50, 0, &["%", "percent"]),
                &["with {} off", "the discount is {}"],
            ),
            f(
                "cancel_reason|reason",
                Choice(&[
                    ("price", &["it got too expensive", "it costs too much"]),
                    ("unused", &["they hardly use it"]),
                    ("competitor", &["they found something better"]),
                ]),
                &["why they might cancel: {}", "the reason given: {}"],
            ),
            f(
                "add_ons|extras",
                Many(
                    One(&[
                        "cloud backup",
                        "phone support",
                        "extra storage",
                        "analytics",
                        "API access",
                        "offline mode",
                        "custom domain",
                    ]),
                    1,
                    3,
                ),
                &["add-ons: {}", "they also booked {}"],
            ),
        ],
    ),
    shape(
        "wholesale",
        "quote",
        &["Request for quotation", "We need a quote.", "Quotation", "Could you make us an offer?"],
        &[
            f(
                "company|requested_by|buyer",
                Word(Company),
                &["the request comes from {}", "the buyer is {}", "{} is asking"],
            ),
            f(
                "contact|contact_person",
                Group(&[
                    f("name|full_name", Word(Person), &["ask for {}", "the contact is {}"]),
                    f("email", Word(Email), &["their mail is {}", "write to {}"]),
                    f("phone|telephone", Word(Phone), &["the phone number is {}", "call {}"]),
                ]),
                &["contact: {}", "get in touch with {}"],
            ),
            f("items|goods|lines", Rows(LINE, 1, 3), &["they need {}", "the offer should cover {}", "wanted: {}"]),
            f(
                "valid_until|offer_valid_until|expires_on",
                Day(2023, 2027),
                &["the offer is valid until {}", "it expires on {}"],
            ),
            f(
                "incoterm|delivery_terms",
                Choice(&[
                    ("EXW", &["ex works"]),
                    ("FOB", &["free on board"]),
                    ("CIF", &[]),
                    ("DAP", &["delivered at place"]),
                ]),
                &["terms: {}", "delivery terms {}"],
            ),
            f("lead_time_days|lead_time", Count(2, 90), &["the lead time is {} days", "it takes {} days to make"]),
            f(
                "discount|discount_percent",
                Measure(2, 30, 0, &["%", "percent"]),
                &["a discount of {}", "they get {} off"],
            ),
        ],
    ),
    shape(
        "marketplaces",
        "classified-ad",
        &["For sale!", "Listing", "Selling this:", "Ad text"],
        &[
            f("title|item|what", Word(Product), &["I am selling a {}", "up for grabs: {}", "it is a {}"]),
            f("asking_price|price", Money(500, 90_000), &["asking {}", "{} and it is yours", "the price is {}"]),
            f(
                "negotiable|price_negotiable",
                Flag(&["the price is firm", "no haggling"]),
                &["the price is negotiable", "make me an offer, I am flexible"],
            ),
            f(
                "condition",
                Choice(&[
                    ("new", &["brand new", "never used"]),
                    ("used", &["second hand", "used for a while"]),
                    ("defective", &["broken, for parts"]),
                ]),
                &["condition: {}", "it is {}"],
            ),
            f("pickup_city|city|location", Word(City), &["pick it up in {}", "I am in {}", "collection from {}"]),
            f("seller|contact_name", Word(Person), &["ask for {}", "the seller is {}"]),
            f("phone|contact_phone", Word(Phone), &["call {}", "my number is {}", "text me at {}"]),
            f("age_years|years_old", Count(2, 25), &["it is {} years old", "I have had it for {} years"]),
            f("available_from|viewing_time", Clock, &["you can come from {}", "viewings from {} on"]),
            f(
                "includes|accessories",
                Many(
                    One(&["charger", "manual", "original box", "spare parts", "carry case", "receipt", "cover"]),
                    1,
                    3,
                ),
                &["it comes with {}", "included: {}"],
            ),
        ],
    ),
];
