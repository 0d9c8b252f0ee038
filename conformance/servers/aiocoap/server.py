"""The resources of the ETSI CoAP plugtests on aiocoap:

    server.py ADDRESS PORT [--psk FILE] [--certificate CHAIN KEY [--demand CA]]

UDP and TCP on PORT, WebSockets on PORT + 3000 (aiocoap's own offset). With a
pre-shared key ("identity:hexkey") DTLS on PORT + 1, with a certificate TLS on
PORT + 1 and secure WebSockets on PORT + 3001; --demand wants a certificate of
the clients too. What the messages look like is the library's; here are only
resources. What nothing else answers is a place where PUT creates.
"""

import argparse
import asyncio
import ssl

import aiocoap
import aiocoap.credentials
from aiocoap import Code, Message
from aiocoap.numbers import ContentFormat
from aiocoap.resource import ObservableResource, Resource, Site, hashing_etag

TEXT, LINKS, XML = ContentFormat.TEXT, ContentFormat.LINKFORMAT, ContentFormat(41)


def content(request, payload, content_format=TEXT):
    """2.05, or 2.03 where the request has its ETag, or 4.06."""
    if request.opt.accept not in (None, content_format):
        return Message(code=Code.NOT_ACCEPTABLE)
    response = Message(code=Code.CONTENT, payload=payload)
    response.opt.content_format = content_format
    hashing_etag(request, response)
    return response


def size(payload):
    """What a link says of the size: something where it is more than a packet carries."""
    return {"sz": str(len(payload))} if len(payload) > 1280 else {}


class Stored(Resource):
    """A representation that can be read, replaced, added to by POST and, where it was
    created, deleted."""

    def __init__(self, payload, content_format=TEXT, forget=None):
        super().__init__()
        self.payload, self.content_format, self.forget = payload, content_format, forget

    def get_link_description(self):
        return {**super().get_link_description(), **size(self.payload)}

    def matches(self, request):
        """Whether the conditions of the request hold for what exists."""
        current = Message(code=Code.CONTENT, payload=self.payload)
        hashing_etag(Message(code=Code.GET), current)
        wanted = request.opt.if_match
        return not request.opt.if_none_match and (
            not wanted or b"" in wanted or current.opt.etag in wanted)

    async def render_get(self, request):
        return content(request, self.payload, self.content_format)

    async def render_put(self, request):
        if not self.matches(request):
            return Message(code=Code.PRECONDITION_FAILED)
        self.payload = request.payload
        if request.opt.content_format is not None:
            self.content_format = request.opt.content_format
        return Message(code=Code.CHANGED)

    async def render_post(self, request):
        if not self.matches(request):
            return Message(code=Code.PRECONDITION_FAILED)
        self.payload += request.payload
        return Message(code=Code.CHANGED)

    async def render_delete(self, request):
        if not self.matches(request):
            return Message(code=Code.PRECONDITION_FAILED)
        if self.forget:
            self.forget()
        return Message(code=Code.DELETED)


class Test(Stored):
    """POST makes a resource at a place that it names."""

    def __init__(self, created):
        super().__init__(b"a test resource")
        self.created = created

    async def render_post(self, request):
        path = self.created.make(("location1", "location2", str(self.created.next())), request)
        response = Message(code=Code.CREATED)
        response.opt.location_path = path
        return response


class Created(Resource):
    """Whatever PUT made, by path."""

    def __init__(self):
        super().__init__()
        self.resources, self.count = {}, 0

    def next(self):
        self.count += 1
        return self.count

    def make(self, path, request):
        content_format = request.opt.content_format
        self.resources[path] = Stored(request.payload, TEXT if content_format is None else content_format,
                                      lambda: self.resources.pop(path, None))
        return path

    async def render(self, request):
        path = tuple(request.opt.uri_path)
        if path in self.resources:
            return await self.resources[path].render(request)
        if request.opt.if_match:
            return Message(code=Code.PRECONDITION_FAILED)
        if request.code == Code.PUT:
            self.make(path, request)
            return Message(code=Code.CREATED)
        if request.code == Code.DELETE:
            return Message(code=Code.DELETED)
        return Message(code=Code.NOT_FOUND)


class Root(Site):
    """A site with one more resource for all that it does not have."""

    def __init__(self, otherwise):
        super().__init__()
        self.otherwise = otherwise

    async def render_to_pipe(self, pipe):
        try:
            await super().render_to_pipe(pipe)
        except aiocoap.error.NotFound:
            await self.otherwise.render_to_pipe(pipe)


class Fixed(Resource):
    def __init__(self, payload, content_format=TEXT):
        super().__init__()
        self.payload, self.content_format = payload, content_format

    def get_link_description(self):
        return {**super().get_link_description(), **size(self.payload)}

    async def render_get(self, request):
        return content(request, self.payload, self.content_format)


class Separate(Fixed):
    """Takes longer than the library waits with its acknowledgement."""

    async def render_get(self, request):
        await asyncio.sleep(1)
        return await super().render_get(request)


class Query(Resource):
    async def render_get(self, request):
        return content(request, "&".join(request.opt.uri_query).encode())


class MultiFormat(Resource):
    async def render_get(self, request):
        if request.opt.accept == XML:
            return content(request, b"<text>one of two formats</text>", XML)
        return content(request, b"one of two formats")


class LocationQuery(Resource):
    async def render_post(self, request):
        response = Message(code=Code.CREATED)
        response.opt.location_query = ("first=1", "second=2")
        return response


class Clock(ObservableResource):
    """Changes every five seconds."""

    def __init__(self):
        super().__init__()
        self.ticks = 0

    async def run(self):
        while True:
            await asyncio.sleep(5)
            self.ticks += 1
            self.updated_state()

    async def render_get(self, request):
        return content(request, b"tick %d" % self.ticks)


def credentials_of(path):
    """The pre-shared key of a file, as aiocoap wants it."""
    with open(path, encoding="utf-8") as file:
        identity, key = file.readline().strip().split(":")
    credentials = aiocoap.credentials.CredentialsMap()
    credentials.load_from_dict({":client": {"dtls": {
        "psk": {"hex": key}, "client-identity": {"ascii": identity}}}})
    return credentials


def tls_of(chain, key, ca):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    # One context serves both: coap is for TLS, http/1.1 for WebSockets.
    context.set_alpn_protocols(["coap", "http/1.1"])
    if ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(ca)
    return context


async def main(given):
    created, clock = Created(), Clock()
    site = Root(created)
    large = b"".join(b"line %03d of a large one\n" % line for line in range(80))
    for path, resource in (
            (("test",), Test(created)),
            (("validate",), Stored(b"version one")),
            (("separate",), Separate(b"what took a while")),
            (("query",), Query()),
            (("path",), Fixed(b"</path/sub1>,</path/sub2>", LINKS)),
            (("path", "sub1"), Fixed(b"sub1")),
            (("path", "sub2"), Fixed(b"sub2")),
            (("seg1", "seg2", "seg3"), Fixed(b"three segments")),
            (("multi-format",), MultiFormat()),
            (("location-query",), LocationQuery()),
            (("large",), Fixed(large)),
            (("large-update",), Stored(large)),
            (("obs",), clock),
            ((".well-known", "core"), aiocoap.resource.WKCResource(site.get_resources_as_linkheader))):
        site.add_resource(path, resource)
    transports, security = ["udp6", "tcpserver", "ws"], {}
    if given.psk:
        transports.append("tinydtls_server")
        security["server_credentials"] = credentials_of(given.psk)
    if given.certificate:
        transports.append("tlsserver")
        security["_ssl_context"] = tls_of(*given.certificate, given.demand)
    await aiocoap.Context.create_server_context(
        site, bind=(given.address, given.port), transports=transports, **security)
    await clock.run()


parser = argparse.ArgumentParser()
parser.add_argument("address")
parser.add_argument("port", type=int)
parser.add_argument("--psk", metavar="FILE")
parser.add_argument("--certificate", nargs=2, metavar=("CHAIN", "KEY"))
parser.add_argument("--demand", metavar="CA")
asyncio.run(main(parser.parse_args()))
