"""The CDN: small planets drawn in code, one colour per person (docs: Discord facts 2.2)."""

import colorsys
import hashlib
import struct
import zlib
from functools import cache

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.devtools.discord.state import state_of

SIZE = 128
DEFAULT_COLOURS = 6
HEADERS = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}

Colour = tuple[int, int, int]


async def show_avatar(request: Request) -> Response:
    """Show a person's current avatar; an old hash is gone, and only ``a_`` ones are GIFs."""
    person = state_of(request).people.get(request.path_params["user_id"])
    avatar_hash, _, kind = request.path_params["file"].rpartition(".")
    if person is None or not avatar_hash or person.profile.get("avatar") != avatar_hash:
        raise HTTPException(404)
    seed = f"{person.id}/{avatar_hash}"
    if kind == "gif" and avatar_hash.startswith("a_"):
        return Response(draw_gif(seed), media_type="image/gif", headers=HEADERS)
    if kind in ("png", "jpg", "jpeg", "webp"):
        return Response(draw_png(seed), media_type="image/png", headers=HEADERS)
    raise HTTPException(404)


async def show_default_avatar(request: Request) -> Response:
    number = request.path_params["number"]
    if number >= DEFAULT_COLOURS:
        raise HTTPException(404)
    return Response(draw_png(f"default/{number}"), media_type="image/png", headers=HEADERS)


def colours(seed: str) -> tuple[Colour, Colour]:
    """Choose sky and planet."""
    digest = hashlib.sha256(seed.encode()).digest()
    return rgb(digest[0] / 256, 0.25, 0.5), rgb(digest[1] / 256, 0.66, 0.75)


def rgb(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


@cache
def pixels(radius: int) -> tuple[bytes, ...]:
    """Return rows of 0 for sky and 1 for planet."""
    middle = SIZE / 2 - 0.5
    return tuple(
        bytes(int((x - middle) ** 2 + (y - middle) ** 2 < radius**2) for x in range(SIZE))
        for y in range(SIZE)
    )


@cache
def draw_png(seed: str) -> bytes:
    palette = b"".join(bytes(colour) for colour in colours(seed))
    rows = b"".join(b"\0" + row for row in pixels(42))
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, body) for name, body in chunks)


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@cache
def draw_gif(seed: str) -> bytes:
    """Draw a planet that swells and shrinks."""
    sky, planet = colours(seed)
    palette = bytes(sky) + bytes(planet) + bytes(3 * 126)
    header = b"GIF89a" + struct.pack("<HHBBB", SIZE, SIZE, 0xF6, 0, 0)
    loop = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    return header + palette + loop + gif_frame(38) + gif_frame(46) + b";"


def gif_frame(radius: int) -> bytes:
    """Encode without compression: a clear code before every 120 pixels keeps codes 8 bits wide."""
    data = b"".join(pixels(radius))
    codes = b"".join(b"\x80" + data[start : start + 120] for start in range(0, len(data), 120))
    codes += b"\x81"
    blocks = (codes[start : start + 255] for start in range(0, len(codes), 255))
    timing = b"\x21\xf9\x04\0" + struct.pack("<H", 60) + b"\0\0"
    place = b"," + struct.pack("<HHHHB", 0, 0, SIZE, SIZE, 0)
    return timing + place + b"\x07" + b"".join(bytes([len(b)]) + b for b in blocks) + b"\0"


routes = [
    Route("/cdn/avatars/{user_id}/{file}", show_avatar),
    Route("/cdn/embed/avatars/{number:int}.png", show_default_avatar),
]
