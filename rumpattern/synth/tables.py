"""What the synthetic shop consists of: its pages, visitors and files, and one row per event type.

`synth` decides who does something and when; this module says what the event then holds. Every row of `BUILT_IN` and
`CUSTOM` makes the `event_details` of one type, with the fields that the type's closed schema allows and no others.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from rumpattern.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

T = TypeVar("T")
Json = dict[str, object]

SITE = "https://shop.example.com"
API = "https://api.shop.example.com/v2"
CDN = "https://cdn.shop.example.com/assets/2026.01.05-8f3c1d2a"

PAGES: tuple[tuple[str, str], ...] = (
    ("/", "Example Shop | Coffee, tea and everything around it"),
    ("/cart", "Your cart | Example Shop"),
    ("/checkout/address", "Checkout: delivery address | Example Shop"),
    ("/checkout/payment", "Checkout: payment | Example Shop"),
    ("/checkout/done", "Thank you | Example Shop"),
    ("/account", "Your account | Example Shop"),
    ("/account/orders", "Your orders | Example Shop"),
    ("/search", "Search results | Example Shop"),
    ("/de/cafe", "Café – Übersicht | Example Shop"),  # noqa: RUF001 - real titles have dashes like this one
    ("/fr/the", "Thés d'été | Example Shop"),
    ("/ja/kissaten", "喫茶店ガイド | Example Shop"),
    ("/pl/kawa", "Świeżo palona kawa | Example Shop"),
    ("/help/shipping", "Shipping & returns | Example Shop"),
    ("/help/contact", "Contact us | Example Shop"),
    *((f"/category/{name}", f"{name.replace('-', ' ').title()} | Example Shop") for name in (
        "espresso", "filter-coffee", "green-tea", "black-tea", "grinders", "kettles", "cups", "gifts",
    )),
    *((f"/product/{number}", f"Product {number}: House blend no. {number % 97} | Example Shop") for number in range(
        10_240, 10_420, 10,
    )),
)  # fmt: skip

# browserName, browserVersion, osName, osVersion, deviceType, weight
CLIENTS: tuple[tuple[str, str, str, str, str, int], ...] = (
    ("Chrome", "143.0.0.0", "Windows", "10", "desktop", 26),
    ("Chrome", "143.0.0.0", "Mac OS", "10.15.7", "desktop", 12),
    ("Chrome", "142.0.7444.171", "Android", "10", "mobile", 22),
    ("Mobile Safari", "26.1", "iOS", "18.7", "mobile", 14),
    ("Safari", "26.1", "Mac OS", "10.15.7", "desktop", 5),
    ("Mobile Safari", "18.6", "iOS", "18.6.2", "tablet", 3),
    ("Edge", "143.0.3650.80", "Windows", "10", "desktop", 8),
    ("Firefox", "145.0", "Linux", "x86_64", "desktop", 3),
    ("Firefox", "146.0", "Windows", "10", "desktop", 3),
    ("Samsung Internet", "29.0", "Android", "10", "mobile", 3),
    ("Chrome", "130.0.6723.102", "Linux", "armv7l", "embedded", 1),
)

# countryCode, subdivisionCode, browserLanguage
PLACES: tuple[tuple[str, str, str], ...] = (
    ("US", "WA", "en-US"), ("US", "CA", "en-US"), ("US", "NY", "en-US"), ("DE", "BE", "de-DE"), ("DE", "BY", "de"),
    ("GB", "ENG", "en-GB"), ("FR", "IDF", "fr-FR"), ("JP", "13", "ja"), ("IN", "KA", "en-IN"), ("BR", "SP", "pt-BR"),
    ("CA", "ON", "en-CA"), ("AU", "NSW", "en-AU"), ("NL", "NH", "nl-NL"), ("NO", "30", "nb-NO"), ("SE", "AB", "sv-SE"),
    ("PL", "14", "pl-PL"), ("ES", "MD", "es-ES"), ("IT", "25", "it-IT"), ("MX", "CMX", "es-MX"), ("CH", "ZH", "de-CH"),
    ("AT", "9", "de-AT"), ("IE", "L", "en-IE"), ("KR", "11", "ko-KR"),
)  # fmt: skip

# targetUrl, initiatorType, fileType, transferSize in the middle
ASSETS: tuple[tuple[str, str, str, float], ...] = (
    (f"{CDN}/js/vendor.b71f09ac.chunk.js?module=commons~checkout~product~search", "script", "script", 180_000),
    (f"{CDN}/js/app.1c9e2f77.bundle.js?module=commons~checkout~product", "script", "script", 95_000),
    (f"{CDN}/js/route-product.5d20aa31.chunk.js", "script", "script", 24_000),
    (f"{CDN}/js/route-checkout.e4c7b512.chunk.js", "script", "script", 31_000),
    ("https://tags.metrics.example.net/loader/v3/container.js?id=TM-4F7K2Q9&l=dataLayer", "script", "script", 71_000),
    (f"{CDN}/css/app.0b5e6d1f.css", "link", "stylesheet", 28_000),
    (f"{CDN}/css/print.77a1c3e0.css", "link", "stylesheet", 2_500),
    ("https://fonts.example.net/css2?family=Inter:wght@400;500;600;700&display=swap", "link", "stylesheet", 1_200),
    ("https://fonts.example.net/s/inter/v19/UcCO3FwrK3iLTeHuS_nVMrMxCp50SjIw2boKoduKmMEVuLyfAZ9hjp-Ek-_EeA.woff2",
     "css", "font", 47_000),
    (f"{CDN}/fonts/icons-outlined.3fd8c0aa.woff2", "css", "font", 12_000),
    ("https://payments.example.org/embed/hosted-fields/3.97.2/frame.html?merchant=example-shop&locale=auto", "iframe",
     "document", 9_000),
    (f"{SITE}/favicon.ico", "other", "image", 496),
    (f"{SITE}/manifest.webmanifest", "other", "other", 800),
    (f"{SITE}/sw.js", "other", "script", 6_000),
    (f"{API}/telemetry/beacon?channel=storefront&schema=2025-11&compress=1", "beacon", "other", 0),
    *((f"https://images.shop.example.com/products/{number}/{view}.webp?width={width}&quality=80&dpr=2&fit=crop", "img",
       "image", 90.0 * width) for number in range(10_240, 10_420, 30) for view, width in (("hero", 960), ("tile", 240))
    ),
    *((f"{API}/{path}?locale=auto", "fetch", "other", 3_500) for path in (
        "catalog/recommendations", "session/refresh", "cart/items", "catalog/facets",
    )),
)  # fmt: skip

ENDPOINTS: tuple[tuple[str, str], ...] = (
    ("GET", f"{API}/catalog/products?category=espresso&page=1&pageSize=24&sort=relevance&currency=EUR"),
    ("GET", f"{API}/catalog/products/10270?expand=variants,reviews,availability"),
    ("GET", f"{API}/catalog/recommendations?strategy=also-bought&limit=12"),
    ("GET", f"{API}/search/suggest?q=%C3%A9clair&limit=8&locale=de-DE"),
    ("GET", f"{API}/account/orders?from=2025-01-01&status=open,shipped"),
    ("POST", f"{API}/cart/items"),
    ("PUT", f"{API}/cart/items/3"),
    ("DELETE", f"{API}/cart/items/3"),
    ("POST", f"{API}/checkout/payment-intents?provider=hosted-fields&threeDSecure=preferred"),
    ("POST", f"{API}/session/refresh"),
)

# status, statusText, how many of 100 answered calls
ANSWERS: tuple[tuple[int, str, int], ...] = (
    (200, "OK", 81), (201, "Created", 4), (204, "No Content", 3), (304, "Not Modified", 2),
    (400, "Bad Request", 1), (401, "Unauthorized", 2), (404, "Not Found", 2), (409, "Conflict", 1),
    (429, "Too Many Requests", 1), (500, "Internal Server Error", 1), (502, "Bad Gateway", 1), (503, "", 1),
)  # fmt: skip
_ANSWER_DECK = tuple((status, text) for status, text, weight in ANSWERS for _ in range(weight))

# type, message, the functions of the stack from the inside out
ERRORS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("TypeError", "Cannot read properties of undefined (reading 'price')", (
        "formatPrice", "ProductTile", "renderWithHooks", "updateFunctionComponent", "beginWork", "performUnitOfWork",
    )),
    ("TypeError", "null is not an object (evaluating 'this.element.style')", (
        "Carousel.prototype.slideTo", "Carousel.prototype.next", "HTMLButtonElement.onClick",
    )),
    ("ReferenceError", "dataLayer is not defined", ("pushEvent", "trackAddToCart", "async addToCart")),
    ("ChunkLoadError", f"Loading chunk 417 failed.\n(error: {CDN}/js/route-checkout.e4c7b512.chunk.js)", (
        "__webpack_require__.f.j", "__webpack_require__.e", "loadRoute", "Router.resolve", "Router.navigate",
    )),
    ("RangeError", "Invalid time value", ("Date.toISOString", "deliveryWindow", "CheckoutSummary", "renderWithHooks")),
    ("ApiError", "Request failed with status code 503", ("settle", "XMLHttpRequest.onloadend", "async refreshCart")),
    ("UnhandledPromiseRejection", "AbortError: The user aborted a request.", ("async suggest", "async onInput")),
    ("ReferenceError", "Größe is not defined", ("eval", "sizeLabel", "VariantPicker", "renderWithHooks", "beginWork")),
)  # fmt: skip


def _stack(name: str, message: str, functions: tuple[str, ...]) -> str:
    frames = (
        f"    at {function} ({CDN}/js/app.1c9e2f77.bundle.js:2:{40_011 + 7_919 * depth})"
        for depth, function in enumerate(functions, len(name))
    )
    return "\n".join((f"{name}: {message}", *frames))


STACKS = tuple(_stack(*error) for error in ERRORS)
ELEMENTS = (
    ("BUTTON", "add-to-cart", "main > section.product > div.buy-box > button#add-to-cart"),
    ("A", "nav-cart", "header > nav.primary > ul > li:nth-child(5) > a#nav-cart"),
    ("INPUT", "search-box", "header > form[role=search] > label > input#search-box"),
    ("BUTTON", "pay-now", "main > form.checkout > footer > button#pay-now"),
    ("IMG", "hero-image", "main > section.product > figure.gallery > picture > img#hero-image"),
)
LOCATORS = tuple(locator for _, _, locator in ELEMENTS)
LOAD_STATES = ("loading", "dom-interactive", "dom-content-loaded", "complete")

ENTRIES = tuple(f"7d1e{number:04x}-5b0c-4f6e-9a41-{number * 48_271:012x}" for number in range(1, 200))

# Quantiles of a log-normal distribution around 1, as wide as page load times are: drawing one is a table look-up.
_SPREAD = tuple(math.exp(0.9 * NormalDist().inv_cdf((step + 0.5) / 1024)) for step in range(1024))
# Browsers tell time in steps of 0.1 ms, plus what the subtraction of two large doubles leaves behind.
_RESIDUE = tuple((step % 9 - 4) * 5.9604644775390625e-09 for step in range(64))


@dataclass(frozen=True, slots=True)
class Session:
    """What stays the same while one person uses one browser: `client` and `origin` are their part of the metadata."""

    user: dict[str, str]
    client: Json
    origin: Json
    application_version: str
    speed: float
    full_timing: bool
    whole_seconds: bool


@dataclass(frozen=True, slots=True)
class View:
    """One page as one session sees it; `interaction` counts the session's pages from 0, `opened` is in epoch ms."""

    session: Session
    page: str
    parent: str
    interaction: int
    opened: int
    metadata: Json


class Scene(NamedTuple):
    """The view in which something happens, when (epoch ms), and the dice."""

    draw: Random
    view: View
    now: int

    def chance(self, probability: float) -> bool:
        """Say yes with this probability."""
        return self.draw.random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """Take one of `choices`, all equally likely."""
        return choices[int(self.draw.random() * len(choices))]

    def around(self, middle: float) -> float:
        """Draw a positive number whose median is `middle`, with a long tail."""
        return middle * _SPREAD[int(self.draw.random() * 1024)]

    def ms(self, middle: float) -> float:
        """Draw a duration in milliseconds as a browser reports it; slow sessions have longer ones."""
        return ticks(middle * self.view.session.speed * _SPREAD[int(self.draw.random() * 1024)])

    def size(self, middle: float) -> float:
        """Draw a number of bytes: whole, though written as a double."""
        return float(int(self.around(middle)))

    def token(self, digits: int) -> str:
        """Draw an identifier of this many hexadecimal digits."""
        return f"{self.draw.getrandbits(4 * digits):0{digits}x}"


@dataclass(frozen=True, slots=True)
class EventKind:
    """One event type: its share among its like, the version it is sent with, and what makes its details."""

    event_type: str
    share: float
    details: Callable[[Scene], Json]
    version: str = "1.0.0"


def ticks(milliseconds: float) -> float:
    """Round to the browser's clock, with the residue that makes 257.8 read 257.7999999821186."""
    tick = int(milliseconds * 10)
    return tick / 10 + _RESIDUE[tick & 63] if tick else 0.0


def uuid(draw: Random) -> str:
    """Draw a UUID of version 4, far cheaper than the `uuid` module does."""
    text = f"{draw.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _fetch_timing(scene: Scene, start: float) -> Json:
    """Give the network part that navigations and resources share; a warm connection has zeros."""
    cold = scene.chance(0.5)
    secure = ticks(start + scene.ms(9)) if cold else 0.0
    request = secure + scene.ms(30) if cold else start + scene.ms(1.2)
    first_byte = scene.ms(45)
    return {
        "redirectStart": 0.0,
        "redirectTime": 0.0,
        "workerStart": 0.0,
        "workerTime": 0.0,
        "fetchStart": start,
        "domainLookupStart": start,
        "dns": scene.ms(4) if cold else 0.0,
        "nextHopProtocol": "h3" if cold else "h2",
        "connectStart": start,
        "connect": scene.ms(24) if cold else 0.0,
        "secureConnectionStart": secure,
        "tlsTime": scene.ms(14) if cold else 0.0,
        "requestStart": ticks(request),
        "timeToFirstByte": first_byte,
        "responseStart": ticks(request + first_byte),
        "responseTime": scene.ms(6),
    }


def _resource(scene: Scene) -> Json:
    url, initiator, file_type, size = scene.pick(ASSETS)
    if initiator in {"img", "fetch"}:
        url = f"{url}&requestId={scene.token(16)}&signature={scene.token(32)}"
    start = scene.ms(1400)
    details: Json = {"version": "1.0.0", "targetUrl": url, "initiatorType": initiator, "startTime": start}
    if scene.view.session.full_timing:
        details |= _fetch_timing(scene, start)
    details["duration"] = scene.ms(70)
    cached = scene.chance(0.35)
    if scene.view.session.full_timing:
        details["headerSize"] = 0.0 if cached else 300.0
    details["transferSize"] = 0.0 if cached else scene.size(size)
    if scene.view.session.full_timing:
        details["compressionRatio"] = 1.0 if file_type in {"image", "font"} else scene.around(3.4)
    details["fileType"] = file_type
    return details


def _navigation(scene: Scene) -> Json:
    if scene.view.interaction and scene.chance(0.7):
        return {
            "version": "1.0.0",
            "initiatorType": "route_change",
            "navigationType": "navigate",
            "startTime": float(scene.now - scene.view.opened),
            "duration": scene.ms(650),
        }
    interactive = scene.ms(900)
    complete = ticks(interactive + scene.ms(700))
    return {
        "version": "1.0.0",
        "initiatorType": "navigation",
        "navigationType": scene.pick(("navigate", "navigate", "navigate", "reload", "back_forward")),
        "startTime": 0.0,
        "unloadEventStart": 0.0,
        "promptForUnload": 0.0,
        "redirectCount": 0,
        **_fetch_timing(scene, scene.ms(3)),
        "domInteractive": interactive,
        "domContentLoadedEventStart": ticks(interactive + 0.4),
        "domContentLoaded": scene.ms(12),
        "domComplete": complete,
        "domProcessingTime": ticks(complete - interactive),
        "loadEventStart": complete,
        "loadEventTime": scene.ms(1.5),
        "duration": ticks(complete + scene.ms(90)),
        "headerSize": 300.0,
        "transferSize": scene.size(31_000),
        "compressionRatio": scene.around(4.2),
        "navigationTimingLevel": 2,
    }


def _http(scene: Scene) -> Json:
    method, url = scene.pick(ENDPOINTS)
    details: Json = {
        "version": "1.0.0",
        "request": {"method": method, "url": f"{url}{'&' if '?' in url else '?'}requestId={scene.token(16)}"},
    }
    if scene.chance(0.03):
        text = scene.pick(("Failed to fetch", "NetworkError when attempting to fetch resource.", "Load failed"))
        stack = f"TypeError: {text}\n    at async request ({CDN}/js/vendor.b71f09ac.chunk.js:2:118204)"
        details["error"] = {"version": "1.0.0", "type": "TypeError", "message": text, "stack": stack}
    else:
        status, text = scene.pick(_ANSWER_DECK)
        details["response"] = {"status": status, "statusText": text}
    if scene.chance(0.6):
        details["trace_id"] = f"1-{scene.now // 1000:08x}-{scene.token(24)}"
        details["segment_id"] = scene.token(16)
    return details


def _xray(scene: Scene) -> Json:
    method, url = scene.pick(ENDPOINTS)
    status, _ = scene.pick(_ANSWER_DECK)
    start = scene.now / 1000
    end = round(start + scene.ms(120) / 1000, 3)
    http = {"request": {"method": method, "url": url, "traced": True}, "response": {"status": status}}
    remote = {"id": scene.token(16), "name": "api.shop.example.com", "namespace": "remote", "http": http}
    return {
        "version": "1.0.0",
        "name": "shop",
        "id": scene.token(16),
        "start_time": start,
        "trace_id": f"1-{scene.now // 1000:08x}-{scene.token(24)}",
        "end_time": end,
        "origin": "AWS::RUM::AppMonitor",
        "http": http,
        "error": status in range(400, 500),
        "fault": status in range(500, 600),
        "subsegments": [{**remote, "start_time": start, "end_time": end, "in_progress": False}],
    }


def _page_view(scene: Scene) -> Json:
    view = scene.view
    details: Json = {
        "version": "1.0.0",
        "pageId": view.page,
        "pageInteractionId": f"{view.page}-{view.interaction}",
        "interaction": view.interaction,
    }
    if view.interaction:
        details["parentPageInteractionId"] = f"{view.parent}-{view.interaction - 1}"
        details["timeOnParentPage"] = int(scene.around(9_000))
    elif scene.chance(0.5):
        details["referrer"] = "https://search.example.org/results?q=coffee+beans+online&source=organic"
        details["referrerDomain"] = "search.example.org"
    return details


def _page_close(scene: Scene) -> Json:
    view = scene.view
    return {
        "version": "1.0.0",
        "pageId": view.page,
        "pageInteractionId": f"{view.page}-{view.interaction}",
        "interaction": view.interaction,
        "duration": scene.now - view.opened,
    }


# Numbers are the medians of durations, tuples hold the texts to choose from.
_ATTRIBUTION: dict[str, dict[str, float | tuple[str, ...]]] = {
    "largest_contentful_paint": {
        "element": LOCATORS, "url": tuple(url for url, _, file_type, _ in ASSETS if file_type == "image"),
        "timeToFirstByte": 180, "resourceLoadDelay": 60, "resourceLoadTime": 140, "elementRenderDelay": 900,
        "navigationEntry": ENTRIES, "lcpResourceEntry": ENTRIES,
    },
    "interaction_to_next_paint": {
        "interactionTarget": LOCATORS, "interactionTime": 6_000, "nextPaintTime": 6_100,
        "interactionType": ("pointer", "pointer", "keyboard"), "inputDelay": 5, "processingDuration": 40,
        "presentationDelay": 20, "loadState": LOAD_STATES,
    },
    "time_to_first_byte": {
        "waitingDuration": 5, "cacheDuration": 0, "dnsDuration": 4, "connectionDuration": 30, "requestDuration": 160,
    },
    "first_contentful_paint": {"timeToFirstByte": 180, "firstByteToFCP": 700, "loadState": LOAD_STATES},
    "first_input_delay": {
        "eventTarget": LOCATORS, "eventType": ("pointerdown", "mousedown", "keydown"), "eventTime": 4_000,
        "loadState": LOAD_STATES,
    },
}  # fmt: skip


def _vital(vital: str, share: float, middle: float) -> EventKind:
    attribution = _ATTRIBUTION[vital]

    def details(scene: Scene) -> Json:
        parts = {
            field: scene.pick(value) if isinstance(value, tuple) else scene.ms(value)
            for field, value in attribution.items()
        }
        return {"version": "1.0.0", "value": scene.ms(middle), "attribution": parts}

    return EventKind(f"com.amazon.rum.{vital}_event", share, details)


def _cumulative_layout_shift(scene: Scene) -> Json:
    if scene.chance(0.4):
        return {"version": "1.0.0", "value": 0.0, "attribution": {"loadState": "complete"}}
    value = scene.around(0.04)
    attribution = {
        "largestShiftTarget": scene.pick(LOCATORS),
        "largestShiftValue": value,
        "largestShiftTime": scene.ms(2_000),
        "loadState": scene.pick(LOAD_STATES),
    }
    return {"version": "1.0.0", "value": value, "attribution": attribution}


def _js_error(scene: Scene) -> Json:
    which = int(scene.draw.random() * len(ERRORS))
    name, message, _ = ERRORS[which]
    details: Json = {"version": "1.0.0", "type": name, "message": message}
    if scene.chance(0.9):
        line = 1 + int(scene.around(40_000))
        details |= {"filename": f"{CDN}/js/app.1c9e2f77.bundle.js", "lineno": 2, "colno": line, "stack": STACKS[which]}
    return details


def _dom(scene: Scene) -> Json:
    element, name, locator = scene.pick(ELEMENTS)
    details: Json = {"version": "1.1.0", "event": scene.pick(("click", "click", "click", "change", "submit"))}
    details |= {"element": element, "elementId": name, "cssLocator": locator}
    if scene.chance(0.5):
        details["interactionId"] = f"{scene.view.page}:{name}"
    return details


def _rrweb(scene: Scene) -> Json:
    moves = [
        {"x": int(scene.around(400)), "y": int(scene.around(300)), "id": 17 + step, "timeOffset": -50 * step}
        for step in range(1 + int(scene.draw.random() * 12))
    ]
    recorded = [{"type": 3, "data": {"source": 1, "positions": moves}, "timestamp": scene.now}]
    return {"version": "1.0.0", "events": recorded, "eventCount": len(recorded)}


def _checkout(scene: Scene) -> Json:
    amount = round(scene.around(48), 2)
    return {"amount": amount, "currency": scene.pick(("EUR", "USD", "GBP")), "items": 1 + int(scene.around(1.5))}


def _product_viewed(scene: Scene) -> Json:
    return {"variant": scene.pick(("A", "B")), "count": 1 + int(scene.around(2))}


def _latency(scene: Scene) -> Json:
    return {"moment": scene.pick(("cart-open", "search-ready", "tile-visible")), "durationMs": scene.ms(85)}


def _newsletter(scene: Scene) -> Json:
    return {"source": scene.pick(("footer", "Café-Banner", "checkout")), "accepted": scene.chance(0.6)}


SESSION_START = "com.amazon.rum.session_start_event"
PAGE_VIEW = "com.amazon.rum.page_view_event"

BUILT_IN: tuple[EventKind, ...] = (
    EventKind("com.amazon.rum.performance_resource_event", 35.0, _resource),
    EventKind("com.amazon.rum.http_event", 15.0, _http),
    EventKind(PAGE_VIEW, 7.0, _page_view),
    EventKind("com.amazon.rum.performance_navigation_event", 6.0, _navigation),
    EventKind("com.amazon.rum.dom_event", 5.0, _dom, version="1.1.0"),
    _vital("largest_contentful_paint", 4.0, 1_500),
    _vital("interaction_to_next_paint", 4.0, 70),
    EventKind("com.amazon.rum.cumulative_layout_shift_event", 3.5, _cumulative_layout_shift),
    _vital("time_to_first_byte", 3.5, 200),
    _vital("first_contentful_paint", 3.0, 900),
    _vital("first_input_delay", 3.0, 4),
    EventKind("com.amazon.rum.js_error_event", 3.0, _js_error),
    EventKind("com.amazon.rum.xray_trace_event", 3.0, _xray),
    EventKind("com.amazon.rum.page_close_event", 2.0, _page_close),
    EventKind(SESSION_START, 1.5, lambda _: {"version": "1.0.0"}),
    EventKind(
        "com.amazon.rum.time_to_interactive_event", 0.8, lambda scene: {"version": "1.0.0", "value": scene.ms(1_900)}
    ),
    EventKind("com.amazon.rum.rrweb_event", 0.7, _rrweb),
)
CUSTOM: tuple[EventKind, ...] = (
    EventKind("com.example.checkout", 30.0, _checkout),
    EventKind("product_viewed", 40.0, _product_viewed),
    EventKind("latency", 25.0, _latency),
    EventKind("newsletter_signup", 5.0, _newsletter),
)
