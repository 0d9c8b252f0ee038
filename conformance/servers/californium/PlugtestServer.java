import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.CoapServer;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.MediaTypeRegistry;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.server.ServerMessageDeliverer;
import org.eclipse.californium.core.server.resources.CoapExchange;
import org.eclipse.californium.core.server.resources.Resource;
import org.eclipse.californium.elements.Connector;
import org.eclipse.californium.elements.config.CertificateAuthenticationMode;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.TcpConfig;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.elements.tcp.netty.TcpServerConnector;
import org.eclipse.californium.elements.tcp.netty.TlsServerConnector;
import org.eclipse.californium.elements.util.SslContextUtil;
import org.eclipse.californium.elements.util.StringUtil;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.pskstore.AdvancedMultiPskStore;
import org.eclipse.californium.scandium.dtls.x509.SingleCertificateProvider;
import org.eclipse.californium.scandium.dtls.x509.StaticNewAdvancedCertificateVerifier;

/**
 * The resources of the ETSI CoAP plugtests on Californium:
 *
 * <pre>PlugtestServer ADDRESS PORT [psk=FILE] [certificate=CHAIN key=KEY ca=CA [demand=]]</pre>
 *
 * <p>UDP and TCP on PORT. With a pre-shared key ("identity:hexkey") or a certificate DTLS on PORT +
 * 1, with a certificate TLS there; demand wants a certificate of the clients too. What the messages
 * look like is the library's; here are only resources. What nothing else answers is a place where
 * PUT creates.
 */
public final class PlugtestServer {
  private static final int TEXT = MediaTypeRegistry.TEXT_PLAIN;
  private static final int LINKS = MediaTypeRegistry.APPLICATION_LINK_FORMAT;
  private static final int XML = MediaTypeRegistry.APPLICATION_XML;
  private static final ScheduledExecutorService LATER = Executors.newScheduledThreadPool(1);

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] etag(byte[] payload) {
    return ByteBuffer.allocate(4).putInt(Arrays.hashCode(payload)).array();
  }

  /** 2.05, or 2.03 where the request has its ETag, or 4.06. */
  private static void content(CoapExchange exchange, byte[] payload, int format) {
    OptionSet asked = exchange.getRequestOptions();
    if (asked.hasAccept() && !asked.isAccept(format)) {
      exchange.respond(ResponseCode.NOT_ACCEPTABLE);
      return;
    }
    exchange.setETag(etag(payload));
    if (asked.containsETag(etag(payload))) {
      exchange.respond(ResponseCode.VALID);
    } else {
      exchange.respond(ResponseCode.CONTENT, payload, format);
    }
  }

  /** The link to what is more than a packet carries says its size. */
  private static void sized(CoapResource resource, int length) {
    if (length > 1280) {
      resource.getAttributes().setMaximumSizeEstimate(length);
    }
  }

  private static class Fixed extends CoapResource {
    private final byte[] payload;
    private final int format;

    Fixed(String name, String payload, int format) {
      super(name);
      this.payload = bytes(payload);
      this.format = format;
      sized(this, this.payload.length);
    }

    @Override
    public void handleGET(CoapExchange exchange) {
      content(exchange, payload, format);
    }
  }

  /** What can be read, replaced, added to by POST and, where it was created, deleted. */
  private static class Stored extends CoapResource {
    private volatile byte[] payload;
    private volatile int format;
    private final Runnable forget;

    Stored(String name, byte[] payload, int format, Runnable forget) {
      super(name);
      this.payload = payload;
      this.format = format;
      this.forget = forget;
      sized(this, payload.length);
    }

    private boolean matches(CoapExchange exchange) {
      OptionSet asked = exchange.getRequestOptions();
      boolean matches = !asked.hasIfNoneMatch() && asked.isIfMatch(etag(payload));
      if (!matches) {
        exchange.respond(ResponseCode.PRECONDITION_FAILED);
      }
      return matches;
    }

    @Override
    public void handleGET(CoapExchange exchange) {
      content(exchange, payload, format);
    }

    @Override
    public void handlePUT(CoapExchange exchange) {
      if (matches(exchange)) {
        payload = exchange.getRequestPayload();
        if (exchange.getRequestOptions().hasContentFormat()) {
          format = exchange.getRequestOptions().getContentFormat();
        }
        exchange.respond(ResponseCode.CHANGED);
      }
    }

    @Override
    public void handlePOST(CoapExchange exchange) {
      if (matches(exchange)) {
        byte[] more = exchange.getRequestPayload();
        payload = ByteBuffer.allocate(payload.length + more.length).put(payload).put(more).array();
        exchange.respond(ResponseCode.CHANGED);
      }
    }

    @Override
    public void handleDELETE(CoapExchange exchange) {
      if (matches(exchange)) {
        forget.run();
        exchange.respond(ResponseCode.DELETED);
      }
    }
  }

  /** POST makes a resource at a place that it names. */
  private static class Test extends Stored {
    private final Created created;
    private final AtomicInteger count = new AtomicInteger();

    Test(Created created) {
      super("test", bytes("a test resource"), TEXT, () -> {});
      this.created = created;
    }

    @Override
    public void handlePOST(CoapExchange exchange) {
      String path = "location1/location2/" + count.incrementAndGet();
      created.make(path, exchange);
      exchange.setLocationPath(path);
      exchange.respond(ResponseCode.CREATED);
    }
  }

  /** Whatever PUT made, by path. */
  private static class Created extends CoapResource {
    private final Map<String, Stored> resources = new ConcurrentHashMap<>();

    Created() {
      super("created");
    }

    void make(String path, CoapExchange exchange) {
      OptionSet asked = exchange.getRequestOptions();
      int format = asked.hasContentFormat() ? asked.getContentFormat() : TEXT;
      resources.put(
          path,
          new Stored("", exchange.getRequestPayload(), format, () -> resources.remove(path)));
    }

    @Override
    public void handleRequest(Exchange request) {
      CoapExchange exchange = new CoapExchange(request, this);
      String path = exchange.getRequestOptions().getUriPathString();
      Stored resource = resources.get(path);
      if (resource != null) {
        resource.handleRequest(request);
      } else if (exchange.getRequestOptions().getIfMatchCount() > 0) {
        exchange.respond(ResponseCode.PRECONDITION_FAILED);
      } else if (exchange.getRequestCode() == Code.PUT) {
        make(path, exchange);
        exchange.respond(ResponseCode.CREATED);
      } else if (exchange.getRequestCode() == Code.DELETE) {
        exchange.respond(ResponseCode.DELETED);
      } else {
        exchange.respond(ResponseCode.NOT_FOUND);
      }
    }
  }

  private static class Separate extends CoapResource {
    Separate() {
      super("separate");
    }

    @Override
    public void handleGET(CoapExchange exchange) {
      exchange.accept();
      LATER.schedule(
          () -> content(exchange, bytes("what took a while"), TEXT), 1, TimeUnit.SECONDS);
    }
  }

  private static class Query extends CoapResource {
    Query() {
      super("query");
    }

    @Override
    public void handleGET(CoapExchange exchange) {
      content(exchange, bytes(exchange.getRequestOptions().getUriQueryString()), TEXT);
    }
  }

  private static class MultiFormat extends CoapResource {
    MultiFormat() {
      super("multi-format");
    }

    @Override
    public void handleGET(CoapExchange exchange) {
      if (exchange.getRequestOptions().isAccept(XML)) {
        content(exchange, bytes("<text>one of two formats</text>"), XML);
      } else {
        content(exchange, bytes("one of two formats"), TEXT);
      }
    }
  }

  private static class LocationQuery extends CoapResource {
    LocationQuery() {
      super("location-query");
    }

    @Override
    public void handlePOST(CoapExchange exchange) {
      Response response = new Response(ResponseCode.CREATED);
      response.getOptions().addLocationQuery("first=1").addLocationQuery("second=2");
      exchange.respond(response);
    }
  }

  /** Changes every five seconds. */
  private static class Clock extends CoapResource {
    private final AtomicInteger ticks = new AtomicInteger();

    Clock() {
      super("obs");
      setObservable(true);
      LATER.scheduleAtFixedRate(
          () -> {
            ticks.incrementAndGet();
            changed();
          },
          5,
          5,
          TimeUnit.SECONDS);
    }

    @Override
    public void handleGET(CoapExchange exchange) {
      content(exchange, bytes("tick " + ticks), TEXT);
    }
  }

  /** What the command line gives of security. */
  private static final class Security {
    private final Map<String, String> given = new ConcurrentHashMap<>();

    Security(String[] words) {
      for (String word : words) {
        String[] parts = word.split("=", 2);
        given.put(parts[0], parts.length == 2 ? parts[1] : "");
      }
    }

    boolean has(String word) {
      return given.containsKey(word);
    }

    CertificateAuthenticationMode clients() {
      return has("demand")
          ? CertificateAuthenticationMode.NEEDED
          : CertificateAuthenticationMode.NONE;
    }

    private SslContextUtil.Credentials credentials() throws GeneralSecurityException, IOException {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (String file : List.of("key", "certificate")) {
        all.write(Files.readAllBytes(Path.of(given.get(file))));
      }
      return SslContextUtil.loadPemCredentials(new ByteArrayInputStream(all.toByteArray()));
    }

    private Certificate[] authority() throws GeneralSecurityException, IOException {
      return SslContextUtil.loadTrustedCertificates(given.get("ca"));
    }

    Connector dtls(InetSocketAddress place, Configuration configuration)
        throws GeneralSecurityException, IOException {
      DtlsConnectorConfig.Builder builder = DtlsConnectorConfig.builder(configuration);
      builder.setAddress(place);
      builder.set(DtlsConfig.DTLS_ROLE, DtlsConfig.DtlsRole.SERVER_ONLY);
      builder.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, 6);
      // CCM_8, which CoAP demands, is not among what is recommended of today.
      builder.set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false);
      if (has("psk")) {
        String[] parts = Files.readAllLines(Path.of(given.get("psk"))).get(0).split(":");
        AdvancedMultiPskStore store = new AdvancedMultiPskStore();
        store.setKey(parts[0], StringUtil.hex2ByteArray(parts[1]));
        builder.setAdvancedPskStore(store);
      }
      if (has("certificate")) {
        SslContextUtil.Credentials own = credentials();
        builder.setCertificateIdentityProvider(
            new SingleCertificateProvider(
                own.getPrivateKey(), own.getCertificateChain(), CertificateType.X_509));
        builder.set(DtlsConfig.DTLS_CLIENT_AUTHENTICATION_MODE, clients());
        if (has("demand")) {
          builder.setAdvancedCertificateVerifier(
              StaticNewAdvancedCertificateVerifier.builder()
                  .setTrustedCertificates(authority())
                  .build());
        }
      }
      return new DTLSConnector(builder.build());
    }

    Connector tls(InetSocketAddress place, Configuration configuration)
        throws GeneralSecurityException, IOException {
      SslContextUtil.Credentials own = credentials();
      configuration.set(TcpConfig.TLS_CLIENT_AUTHENTICATION_MODE, clients());
      return new TlsServerConnector(
          SslContextUtil.createSSLContext(
              "server",
              own.getPrivateKey(),
              own.getCertificateChain(),
              authority()),
          place,
          configuration);
    }
  }

  private static void listen(CoapServer server, Connector connector, Configuration configuration) {
    server.addEndpoint(
        new CoapEndpoint.Builder()
            .setConfiguration(configuration)
            .setConnector(connector)
            .build());
  }

  public static void main(String[] arguments) throws GeneralSecurityException, IOException {
    CoapConfig.register();
    UdpConfig.register();
    TcpConfig.register();
    DtlsConfig.register();
    Configuration configuration = Configuration.createStandardWithoutFile();
    int port = Integer.parseInt(arguments[1]);
    InetSocketAddress place = new InetSocketAddress(arguments[0], port);
    InetSocketAddress secure = new InetSocketAddress(arguments[0], port + 1);
    Security security = new Security(Arrays.copyOfRange(arguments, 2, arguments.length));

    StringBuilder large = new StringBuilder();
    for (int line = 0; line < 80; line++) {
      large.append(String.format("line %03d of a large one%n", line));
    }
    Created created = new Created();
    CoapServer server = new CoapServer(configuration);
    Resource segments = new CoapResource("seg2").add(new Fixed("seg3", "three segments", TEXT));
    Resource path = new Fixed("path", "</path/sub1>,</path/sub2>", LINKS);
    path.add(new Fixed("sub1", "sub1", TEXT));
    path.add(new Fixed("sub2", "sub2", TEXT));
    Resource first = new CoapResource("seg1");
    first.add(segments);
    server.add(
        new Test(created),
        new Stored("validate", bytes("version one"), TEXT, () -> {}),
        new Separate(),
        new Query(),
        path,
        first,
        new MultiFormat(),
        new LocationQuery(),
        new Fixed("large", large.toString(), TEXT),
        new Stored("large-update", bytes(large.toString()), TEXT, () -> {}),
        new Clock());
    // What is not in the tree of resources goes to the one that creates.
    server.setMessageDeliverer(
        new ServerMessageDeliverer(server.getRoot(), configuration) {
          @Override
          protected Resource findResource(List<String> names) {
            Resource found = server.getRoot();
            for (String name : names) {
              found = found == null ? null : found.getChild(name);
            }
            return found == null ? created : found;
          }
        });
    server.addEndpoint(
        new CoapEndpoint.Builder()
            .setConfiguration(configuration)
            .setInetSocketAddress(place)
            .build());
    listen(server, new TcpServerConnector(place, configuration), configuration);
    if (security.has("psk") || security.has("certificate")) {
      listen(server, security.dtls(secure, configuration), configuration);
    }
    if (security.has("certificate")) {
      listen(server, security.tls(secure, configuration), configuration);
    }
    server.start();
    if (server.getEndpoints().stream().anyMatch(endpoint -> !endpoint.isStarted())) {
      System.err.println("not every endpoint could be started on " + place);
      System.exit(1);
    }
  }
}
