"""The demo's leading stories, for pictures, and stories that try a layout."""

from importlib.resources import files

from newsletter.editions.models import Edition
from tests.rendering import samples

_IMAGES = files("newsletter") / "demo" / "week" / "images"


def images() -> dict[str, bytes]:
    """The demo's pictures by name."""
    return {f"{name}.png": (_IMAGES / f"{name}.png").read_bytes() for name in _NAMES}


_NAMES = ("walmart", "carrefour", "getir", "richemont", "mode")


def five(images_at: str) -> Edition:
    """The week's five stories, with their pictures under the address *images_at*."""
    return samples.edition(
        samples.story(
            "Walmart hosts Twitter’s first shoppable livestream",
            summary="On 28 November, Walmart opens Cyber Week with the first livestream on Twitter that viewers can "
            "buy from. Jason Derulo is the host.\n\nWhat viewers see in the video, they "
            "can buy there.",
            url="https://retaildive.example/walmart-twitter-livestream",
            attribution="Retail Dive and 3 more",
            image_url=f"{images_at}/walmart.png",
            image_alt="A phone playing a live video with two products below it, and a shopping bag",
        ),
        samples.story(
            "Carrefour’s cashierless shop: ten seconds to shop, ten to pay",
            summary="Flash 10/10 opened on 24 November at 11 avenue Parmentier in Paris. With AiFi’s technology, "
            "the shop asks for ten seconds to shop and ten to pay.",
            url="https://supermarketnews.example/carrefour-flash",
            attribution="Supermarket News and 2 more",
            image_url=f"{images_at}/carrefour.png",
            image_alt="A shop with a striped awning beside a stopwatch",
        ),
        samples.story(
            "Getir buys Weezy, its rival in the UK",
            summary="The terms are undisclosed; Weezy had raised $20 million. Getir wants to be in 15 UK cities by "
            "the end of 2021.",
            url="https://grocerygazette.example/getir-weezy",
            attribution="Grocery Gazette and 2 more",
            image_url=f"{images_at}/getir.png",
            image_alt="A delivery scooter by night",
        ),
        samples.story(
            "Richemont moves its IT to Amazon Web Services",
            summary="Over 5,000 virtual machines and 120 SAP instances are to be in the cloud by the end of 2022.",
            url="https://ciodive.example/richemont-aws",
            attribution="CIO Dive and 1 more",
            image_url=f"{images_at}/richemont.png",
            image_alt="A diamond and servers in a cloud",
        ),
        samples.story(
            "Boots and Ocado distance themselves from Mode’s Bitcoin cashback",
            summary="Mode announced on 18 November that shoppers would be paid back in Bitcoin. Boots and Ocado, "
            "named among the shops, say they have nothing to do with it.",
            url="https://cityam.example/mode-bitcoin",
            attribution="City A.M. and 2 more",
            image_url=f"{images_at}/mode.png",
            image_alt="A shopping basket turned away from a Bitcoin",
        ),
        title="The five biggest retail technology stories of the week",
        subject="Walmart goes live on Twitter, Carrefour goes cashierless",
        introduction="Here are this week’s biggest stories, including Walmart, Carrefour, Getir and Richemont.",
        sponsor_name="Till & Co",
        sponsor_text="A self-checkout that says thank you. Try it in our London showroom until Christmas.",
        sponsor_url="https://till.example/showroom",
    )


def awkward(images_at: str) -> Edition:
    """Long words, other scripts, emoji, pictures that are missing or tall, and stories that lack things."""
    return samples.edition(
        samples.story(
            "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung " * 3,
            summary=f"See https://example.com/{'long/' * 40} for <b>more</b> & 1 < 2.",
            attribution="The International Herald Tribune of Retail Technology News and 12 more",
            image_url="",
        ),
        samples.story("アマゾン、無人店舗を拡大する。" * 6, image_url=f"{images_at}/missing.png"),
        samples.story("كارفور تفتح متجراً بلا صناديق دفع في باريس", image_url=f"{images_at}/tall.png"),
        samples.story("🛒🔥 Emoji 👩🏽‍💻 हिन्दी में ख़बर", summary="", url="", attribution="", image_url=""),
    )
