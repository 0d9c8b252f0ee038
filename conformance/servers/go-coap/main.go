// The resources of the ETSI CoAP plugtests on go-coap:
//
//	coapspec-go-coap [-psk FILE] [-certificate CHAIN -key KEY [-demand CA]] ADDRESS PORT
//
// UDP and TCP on PORT. With a pre-shared key ("identity:hexkey") or a certificate
// DTLS on PORT + 1, with a certificate TLS there; -demand wants a certificate of
// the clients too. What the messages look like is the library's; here are only
// resources. What nothing else answers is a place where PUT creates.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	coap "github.com/plgd-dev/go-coap/v3"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/mux"
	coapnet "github.com/plgd-dev/go-coap/v3/net"
	"github.com/plgd-dev/go-coap/v3/options"
	"github.com/plgd-dev/go-coap/v3/pkg/runner/periodic"
)

// How many options of one kind in a request are looked at.
const several = 16

func answer(w mux.ResponseWriter, code codes.Code) {
	if err := w.SetResponse(code, message.TextPlain, nil); err != nil {
		log.Printf("cannot answer %v: %v", code, err)
	}
}

func etag(payload []byte) []byte {
	tag, err := message.GetETag(bytes.NewReader(payload))
	if err != nil {
		log.Fatal(err)
	}
	return tag
}

// has tells whether one of the options with that number is value, or empty
// where that stands for any.
func has(r *mux.Message, number message.OptionID, value []byte, emptyIsAny bool) bool {
	options := make([][]byte, several)
	n, _ := r.GetOptionAllBytes(number, options)
	for _, option := range options[:n] {
		if bytes.Equal(option, value) || emptyIsAny && len(option) == 0 {
			return true
		}
	}
	return false
}

// content answers 2.05, or 2.03 where the request has its ETag, or 4.06.
func content(w mux.ResponseWriter, r *mux.Message, payload []byte, format message.MediaType) {
	if accept, err := r.Accept(); err == nil && accept != format {
		answer(w, codes.NotAcceptable)
		return
	}
	tag := message.Option{ID: message.ETag, Value: etag(payload)}
	var err error
	if has(r, message.ETag, tag.Value, false) {
		w.Message().SetCode(codes.Valid)
		err = w.Message().SetETag(tag.Value)
	} else {
		err = w.SetResponse(codes.Content, format, bytes.NewReader(payload), tag)
	}
	if err != nil {
		log.Printf("cannot answer: %v", err)
	}
}

type representation struct {
	payload []byte
	format  message.MediaType
}

// store is what can be read, replaced, added to by POST and, where it was
// created, deleted. POST to /test makes a resource at a place that it names.
type store struct {
	sync.Mutex
	resources map[string]*representation
	fixed     map[string]bool
	posted    int
}

func (s *store) put(path string, r *mux.Message) error {
	payload, err := r.ReadBody()
	if err != nil {
		return err
	}
	format := message.TextPlain
	if f, err := r.ContentFormat(); err == nil {
		format = f
	}
	s.resources[path] = &representation{payload, format}
	return nil
}

// conditions tells whether those of the request hold.
func conditions(r *mux.Message, current *representation) bool {
	if current == nil {
		return !r.HasOption(message.IfMatch)
	}
	return !r.HasOption(message.IfNoneMatch) &&
		(!r.HasOption(message.IfMatch) || has(r, message.IfMatch, etag(current.payload), true))
}

func (s *store) ServeCOAP(w mux.ResponseWriter, r *mux.Message) {
	s.Lock()
	defer s.Unlock()
	// A request without Uri-Path is one for the root.
	path, err := r.Path()
	if err != nil {
		path = "/"
	}
	current := s.resources[path]
	switch code := r.Code(); {
	case !conditions(r, current):
		answer(w, codes.PreconditionFailed)
	case code == codes.PUT:
		if err := s.put(path, r); err != nil {
			answer(w, codes.BadRequest)
		} else if current == nil {
			answer(w, codes.Created)
		} else {
			answer(w, codes.Changed)
		}
	case code == codes.DELETE:
		if !s.fixed[path] {
			delete(s.resources, path)
		}
		answer(w, codes.Deleted)
	case current == nil:
		answer(w, codes.NotFound)
	case code == codes.GET:
		content(w, r, current.payload, current.format)
	case code == codes.POST && path != "/test":
		payload, err := r.ReadBody()
		if err != nil {
			answer(w, codes.BadRequest)
			return
		}
		current.payload = slices.Concat(current.payload, payload)
		answer(w, codes.Changed)
	case code == codes.POST:
		s.posted++
		place := []string{"location1", "location2", fmt.Sprint(s.posted)}
		if err := s.put("/"+strings.Join(place, "/"), r); err != nil {
			answer(w, codes.BadRequest)
			return
		}
		answer(w, codes.Created)
		for _, segment := range place {
			w.Message().AddOptionString(message.LocationPath, segment)
		}
	default:
		answer(w, codes.MethodNotAllowed)
	}
}

// get is a resource that can only be read.
func get(handler mux.HandlerFunc) mux.HandlerFunc {
	return func(w mux.ResponseWriter, r *mux.Message) {
		if r.Code() == codes.GET {
			handler(w, r)
		} else {
			answer(w, codes.MethodNotAllowed)
		}
	}
}

func fixed(payload string, format message.MediaType) mux.HandlerFunc {
	return get(func(w mux.ResponseWriter, r *mux.Message) { content(w, r, []byte(payload), format) })
}

// separate leaves the request without an answer, so the library acknowledges
// it, and sends one later.
func separate(w mux.ResponseWriter, r *mux.Message) {
	if accept, err := r.Accept(); err == nil && accept != message.TextPlain {
		answer(w, codes.NotAcceptable)
		return
	}
	conn, token, kind := w.Conn(), bytes.Clone(r.Token()), r.Type()
	time.AfterFunc(time.Second, func() {
		late := conn.AcquireMessage(conn.Context())
		defer conn.ReleaseMessage(late)
		late.SetType(kind)
		late.SetCode(codes.Content)
		late.SetToken(token)
		late.SetContentFormat(message.TextPlain)
		late.SetBody(strings.NewReader("what took a while"))
		if err := conn.WriteMessage(late); err != nil {
			log.Printf("nobody took the separate response: %v", err)
		}
	})
}

func query(w mux.ResponseWriter, r *mux.Message) {
	queries, _ := r.Queries()
	content(w, r, []byte(strings.Join(queries, "&")), message.TextPlain)
}

func multiFormat(w mux.ResponseWriter, r *mux.Message) {
	if accept, err := r.Accept(); err == nil && accept == message.AppXML {
		content(w, r, []byte("<text>one of two formats</text>"), message.AppXML)
	} else {
		content(w, r, []byte("one of two formats"), message.TextPlain)
	}
}

func locationQuery(w mux.ResponseWriter, r *mux.Message) {
	if r.Code() != codes.POST {
		answer(w, codes.MethodNotAllowed)
		return
	}
	answer(w, codes.Created)
	w.Message().AddOptionString(message.LocationQuery, "first=1")
	w.Message().AddOptionString(message.LocationQuery, "second=2")
}

// security is what is given of it: a pre-shared key, a certificate, whom to ask
// for theirs.
type security struct {
	psk, certificate, key, demand string
}

// sharedKey reads "identity:hexkey" and answers with the key of that identity alone.
func (s *security) sharedKey() (dtls.PSKCallback, error) {
	line, err := os.ReadFile(s.psk)
	if err != nil {
		return nil, err
	}
	identity, text, _ := strings.Cut(strings.TrimSpace(string(line)), ":")
	key, err := hex.DecodeString(text)
	return func(named []byte) ([]byte, error) {
		if string(named) != identity {
			return nil, errors.New("no such identity")
		}
		return key, nil
	}, err
}

func (s *security) clients() (*x509.CertPool, error) {
	pem, err := os.ReadFile(s.demand)
	pool := x509.NewCertPool()
	if err == nil && !pool.AppendCertsFromPEM(pem) {
		err = errors.New(s.demand + " has no certificate")
	}
	return pool, err
}

// tls is the configuration of both security protocols; that of TLS has no
// pre-shared keys.
func (s *security) tls() (*tls.Config, error) {
	certificate, err := tls.LoadX509KeyPair(s.certificate, s.key)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"coap"}}
	if s.demand != "" {
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.ClientCAs, err = s.clients()
	}
	return config, err
}

// certified demands a client's certificate, as pion itself would also of who has
// shown a pre-shared key.
func certified(state *dtls.State) error {
	if len(state.PeerCertificates) == 0 && len(state.IdentityHint) == 0 {
		return errors.New("no certificate of the client")
	}
	return nil
}

func (s *security) dtls() (coapnet.DTLSServerOptions, error) {
	given := []dtls.ServerOption{dtls.WithConnectionIDGenerator(dtls.RandomCIDGenerator(8))}
	// Without a list, pion offers none for a pre-shared key.
	var suites []dtls.CipherSuiteID
	if s.psk != "" {
		key, err := s.sharedKey()
		if err != nil {
			return coapnet.DTLSServerOptions{}, err
		}
		given = append(given, dtls.WithPSK(key), dtls.WithPSKIdentityHint([]byte("coapspec")))
		suites = append(suites, dtls.TLS_PSK_WITH_AES_128_CCM_8, dtls.TLS_PSK_WITH_AES_128_GCM_SHA256,
			dtls.TLS_PSK_WITH_AES_128_CBC_SHA256, dtls.TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256)
	}
	if s.certificate != "" {
		config, err := s.tls()
		if err != nil {
			return coapnet.DTLSServerOptions{}, err
		}
		given = append(given, dtls.WithCertificates(config.Certificates...))
		suites = append(suites, dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
			dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)
		if s.demand != "" {
			given = append(given, dtls.WithClientAuth(dtls.VerifyClientCertIfGiven), dtls.WithClientCAs(config.ClientCAs),
				dtls.WithVerifyConnection(certified))
		}
	}
	return coapnet.NewDTLSServerOptions(append(given, dtls.WithCipherSuites(suites...))...), nil
}

// serve does so until it cannot any more.
func serve(router *mux.Router, address, port string, s *security) error {
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	place, secure := net.JoinHostPort(address, port), net.JoinHostPort(address, strconv.Itoa(number+1))
	// The library looks every four seconds whether something is to be sent again.
	// When it is sent should not depend on when that was last.
	look := options.WithPeriodicRunner(periodic.New(make(chan struct{}), 50*time.Millisecond))
	ended := make(chan error)
	for _, network := range []string{"udp", "tcp"} {
		go func() { ended <- coap.ListenAndServeWithOptions(network, place, options.WithMux(router), look) }()
	}
	if s.psk != "" || s.certificate != "" {
		config, err := s.dtls()
		if err != nil {
			return err
		}
		go func() {
			ended <- coap.ListenAndServeDTLSWithOptions("udp", secure, config, options.WithMux(router), look)
		}()
	}
	if s.certificate != "" {
		config, err := s.tls()
		if err != nil {
			return err
		}
		go func() {
			ended <- coap.ListenAndServeTCPTLSWithOptions("tcp", secure, config, options.WithMux(router), look)
		}()
	}
	return <-ended
}

func main() {
	var given security
	flag.StringVar(&given.psk, "psk", "", "`file` of a pre-shared key: identity:hexkey")
	flag.StringVar(&given.certificate, "certificate", "", "`file` of the certificate's chain")
	flag.StringVar(&given.key, "key", "", "`file` of its key")
	flag.StringVar(&given.demand, "demand", "", "`file` of the authority of the clients' certificates")
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	var large strings.Builder
	for line := range 80 {
		fmt.Fprintf(&large, "line %03d of a large one\n", line)
	}
	stored := &store{
		resources: map[string]*representation{
			"/test":         {[]byte("a test resource"), message.TextPlain},
			"/validate":     {[]byte("version one"), message.TextPlain},
			"/large-update": {[]byte(large.String()), message.TextPlain},
		},
		fixed: map[string]bool{"/test": true, "/validate": true, "/large-update": true},
	}
	router := mux.NewRouter()
	// Without it the library would say 4.04 for what is not there.
	router.DefaultHandle(stored)
	for path, handler := range map[string]mux.HandlerFunc{
		"/separate":       get(separate),
		"/query":          get(query),
		"/path":           fixed("</path/sub1>,</path/sub2>", message.AppLinkFormat),
		"/path/sub1":      fixed("sub1", message.TextPlain),
		"/path/sub2":      fixed("sub2", message.TextPlain),
		"/seg1/seg2/seg3": fixed("three segments", message.TextPlain),
		"/multi-format":   get(multiFormat),
		"/location-query": locationQuery,
		"/large":          fixed(large.String(), message.TextPlain),
		"/.well-known/core": fixed("</test>,</validate>,</separate>,</query>,</path>,</path/sub1>,</path/sub2>,"+
			"</seg1/seg2/seg3>,</multi-format>,</location-query>,</large>;sz=1920,</large-update>;sz=1920", message.AppLinkFormat),
	} {
		if err := router.Handle(path, handler); err != nil {
			log.Fatal(err)
		}
	}
	log.Fatal(serve(router, flag.Arg(0), flag.Arg(1), &given))
}
