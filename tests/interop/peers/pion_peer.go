// pion/ice as a program that speaks the JSON Lines of `altair agent`.
//
// Besides those options: --lite, --ice-tcp off|on|only (off; passive, which is all
// it has). It takes any number of servers. A restart gathers anew.
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/ice/v2"
)

type object = map[string]interface{}

type command struct {
	Cmd       string
	Ufrag     string
	Pwd       string
	Candidate string
	Text      string
	Base64    string
}

type servers struct{ urls []*ice.URL }

var (
	began       = time.Now()
	out         sync.Mutex
	agent       *ice.Agent
	conn        *ice.Conn
	controlling bool
	isLite      bool
	ufrag       string // the other's, once known
	pwd         string
	isGathering bool
	restarted   bool // by ourselves; the other's credentials to come
)

func say(event string, more object) {
	line := object{"v": 1, "t": time.Since(began).Milliseconds(), "event": event}
	for key, value := range more {
		line[key] = value
	}
	text, _ := json.Marshal(line)
	out.Lock()
	defer out.Unlock()
	fmt.Println(string(text))
}

func check(err error) {
	if err != nil {
		say("error", object{"name": "pion", "message": err.Error()})
	}
}

// --- Options ----------------------------------------------------------------

func (s *servers) String() string { return "" }

// Set takes H:P, or turn:USER:PASS@H:P[?transport=udp|tcp|tls].
func (s *servers) Set(text string) error {
	server := &ice.URL{Scheme: ice.SchemeTypeSTUN, Proto: ice.ProtoTypeUDP}
	at := strings.LastIndex(text, "@")
	if strings.HasPrefix(text, "turn:") {
		server.Scheme = ice.SchemeTypeTURN
		who := strings.SplitN(text[len("turn:"):at], ":", 2)
		server.Username, _ = url.PathUnescape(who[0])
		server.Password, _ = url.PathUnescape(who[1])
		if strings.HasSuffix(text, "?transport=tcp") {
			server.Proto = ice.ProtoTypeTCP
		} else if strings.HasSuffix(text, "?transport=tls") {
			server.Scheme = ice.SchemeTypeTURNS
			server.Proto = ice.ProtoTypeTCP
		}
	}
	where := strings.SplitN(text[at+1:], "?", 2)[0]
	colon := strings.LastIndex(where, ":")
	server.Host = strings.Trim(where[:colon], "[]")
	port, err := strconv.Atoi(where[colon+1:])
	server.Port = port
	s.urls = append(s.urls, server)
	return err
}

func options() (*ice.AgentConfig, bool) {
	var s servers
	flag.BoolVar(&controlling, "controlling", false, "")
	flag.Bool("controlled", true, "")
	flag.Var(&s, "stun", "")
	flag.Var(&s, "turn", "")
	relayOnly := flag.Bool("relay-only", false, "")
	flag.BoolVar(&isLite, "lite", false, "")
	tcp := flag.String("ice-tcp", "off", "")
	hold := flag.Bool("hold", false, "")
	flag.String("ta", "", "ignored")
	flag.String("ca", "", "ignored")
	flag.Parse()
	config := &ice.AgentConfig{
		Urls:               s.urls,
		NetworkTypes:       []ice.NetworkType{ice.NetworkTypeUDP4, ice.NetworkTypeUDP6},
		Lite:               isLite,
		MulticastDNSMode:   ice.MulticastDNSModeDisabled,
		InsecureSkipVerify: true,
	}
	if *relayOnly {
		config.CandidateTypes = []ice.CandidateType{ice.CandidateTypeRelay}
	} else if isLite {
		config.CandidateTypes = []ice.CandidateType{ice.CandidateTypeHost}
	}
	if *tcp != "off" {
		listenTCP(config)
	}
	if *tcp == "only" {
		config.NetworkTypes = []ice.NetworkType{ice.NetworkTypeTCP4}
	}
	return config, *hold
}

func listenTCP(config *ice.AgentConfig) {
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{})
	check(err)
	config.TCPMux = ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: listener, ReadBufferSize: 64})
	config.NetworkTypes = append(config.NetworkTypes, ice.NetworkTypeTCP4)
}

// --- What is said -----------------------------------------------------------

func sayCredentials() {
	name, password, err := agent.GetLocalUserCredentials()
	check(err)
	say("credentials", object{"ufrag": name, "pwd": password, "lite": isLite})
}

func onCandidate(c ice.Candidate) {
	if c == nil {
		say("end-of-candidates", nil)
		return
	}
	say("candidate", object{"candidate": "candidate:" + c.Marshal()})
}

func onState(state ice.ConnectionState) {
	// Its "connected" is the end; a pair is nominated.
	names := map[ice.ConnectionState]string{
		ice.ConnectionStateChecking:     "checking",
		ice.ConnectionStateConnected:    "connected",
		ice.ConnectionStateCompleted:    "completed",
		ice.ConnectionStateDisconnected: "disconnected",
		ice.ConnectionStateFailed:       "failed",
		ice.ConnectionStateClosed:       "closed",
	}
	// A send between "connected" and the return of Dial would be refused.
	if state != ice.ConnectionStateConnected || conn != nil {
		say("state", object{"state": names[state]})
	}
}

func onSelected(local, remote ice.Candidate) {
	kind := "direct"
	if local.Type() == ice.CandidateTypeRelay || remote.Type() == ice.CandidateTypeRelay {
		kind = "relay"
	} else if local.NetworkType().IsTCP() {
		kind = "tcp"
	}
	say("selected", object{"kind": kind,
		"local":  "candidate:" + local.Marshal(),
		"remote": "candidate:" + remote.Marshal()})
}

// --- What is commanded ------------------------------------------------------

func connect() {
	dial := agent.Accept
	if controlling {
		dial = agent.Dial
	}
	made, err := dial(context.Background(), ufrag, pwd)
	if err != nil {
		check(err)
		return
	}
	conn = made
	say("state", object{"state": "connected"})
	bytes := make([]byte, 65536)
	for {
		count, err := made.Read(bytes)
		if err != nil {
			return
		}
		say("data", object{"text": string(bytes[:count])})
	}
}

func restart(isOurs bool) {
	restarted = isOurs
	check(agent.Restart("", ""))
	sayCredentials()
	check(agent.GatherCandidates())
}

// Checks begin with both: not before time 0 of a measurement.
func gather() {
	say("state", object{"state": "gathering"})
	check(agent.GatherCandidates())
	isGathering = true
	if ufrag != "" {
		go connect()
	}
}

func learnRemote(c command) {
	isNew := ufrag != "" && c.Ufrag != ufrag
	isFirst := ufrag == "" && isGathering
	ufrag, pwd = c.Ufrag, c.Pwd
	if isFirst {
		go connect()
	} else if isNew {
		if !restarted {
			restart(false)
		}
		restarted = false
		check(agent.SetRemoteCredentials(ufrag, pwd))
	}
}

func learnCandidate(text string) {
	c, err := ice.UnmarshalCandidate(strings.TrimPrefix(text, "candidate:"))
	check(err)
	if err == nil {
		check(agent.AddRemoteCandidate(c))
	}
}

func send(c command) {
	bytes := []byte(c.Text)
	if c.Base64 != "" {
		bytes, _ = base64.StdEncoding.DecodeString(c.Base64)
	}
	_, err := conn.Write(bytes)
	check(err)
}

func obey(c command) {
	switch c.Cmd {
	case "gather":
		gather()
	case "remote":
		learnRemote(c)
	case "candidate":
		learnCandidate(c.Candidate)
	case "end-of-candidates": // pion waits for nothing
	case "send":
		send(c)
	case "restart":
		restart(true)
	default:
		say("error", object{"name": "unsupported", "message": "no " + c.Cmd})
	}
}

func main() {
	config, hold := options()
	var err error
	if agent, err = ice.NewAgent(config); err != nil {
		check(err)
		os.Exit(1)
	}
	check(agent.OnCandidate(onCandidate))
	check(agent.OnConnectionStateChange(onState))
	check(agent.OnSelectedCandidatePairChange(onSelected))
	sayCredentials()
	if !hold {
		gather()
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c command
		check(json.Unmarshal(lines.Bytes(), &c))
		if c.Cmd == "close" {
			break
		}
		obey(c)
	}
	check(agent.Close())
}
