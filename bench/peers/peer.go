// SPDX-License-Identifier: Apache-2.0

// peer judges one file of Evidence by Google's go-sev-guest or go-tdx-guest and
// says how much CPU each time takes, in microseconds, all threads together.
//
//	peer snp REPORT BINDER TIME TIMES CHAIN.pem CERTIFICATE.der
//	peer tdx QUOTE BINDER TIME TIMES SIGNERS.pem TCB-INFO QE-IDENTITY PCK.crl ROOT.crl
package main

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-sev-guest/abi"
	"github.com/google/go-sev-guest/kds"
	spb "github.com/google/go-sev-guest/proto/sevsnp"
	snpvalidate "github.com/google/go-sev-guest/validate"
	snp "github.com/google/go-sev-guest/verify"
	"github.com/google/go-sev-guest/verify/trust"
	tdxabi "github.com/google/go-tdx-guest/abi"
	tdxvalidate "github.com/google/go-tdx-guest/validate"
	tdx "github.com/google/go-tdx-guest/verify"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func contents(name string) []byte {
	data, err := os.ReadFile(name)
	must(err)
	return data
}

// What a report or quote holds of a binder: its bytes, then zeros.
func reportData(text string) []byte {
	binder, err := hex.DecodeString(text)
	must(err)
	return append(binder, make([]byte, 64-len(binder))...)
}

// snpJudge reads the report and its certificate anew each time; AMD's
// certificates are read once, and their signatures verified each time.
func snpJudge(report, binder []byte, now time.Time, files []string) func() error {
	roots := trust.AMDRootCertsProduct("Milan")
	must(roots.FromKDSCertBytes(contents(files[0])))
	cert := contents(files[1])
	verify := &snp.Options{
		DisableCertFetching: true, Now: now,
		TrustedRoots: map[string][]*trust.AMDRootCerts{"Milan": {roots}},
		Product:      &spb.SevProduct{Name: spb.SevProduct_SEV_PRODUCT_MILAN},
	}
	return func() error {
		proto, err := abi.ReportToProto(report)
		if err != nil {
			return err
		}
		all := &spb.Attestation{
			Report:           proto,
			CertificateChain: &spb.CertificateChain{VcekCert: cert},
			Product:          verify.Product,
		}
		if err := snp.SnpAttestation(all, verify); err != nil {
			return err
		}
		return snpvalidate.SnpAttestation(all, &snpvalidate.Options{
			GuestPolicy: abi.SnpPolicy{SMT: true, Debug: true},
			ReportData:  binder, MinimumTCB: kds.TCBParts{},
			PermitProvisionalFirmware: true,
		})
	}
}

// service stands for Intel's: it answers from files.
type service struct {
	signers, issuers               string // chains, leaf first
	tcbInfo, identity, pckCRL, crl []byte
}

func (s *service) Get(address string) (map[string][]string, []byte, error) {
	chain := func(name, pem string) map[string][]string {
		return map[string][]string{name: {url.QueryEscape(pem)}}
	}
	switch {
	case strings.Contains(address, "/tcb?"):
		return chain("Tcb-Info-Issuer-Chain", s.signers), s.tcbInfo, nil
	case strings.Contains(address, "/qe/identity"):
		return chain("Sgx-Enclave-Identity-Issuer-Chain", s.signers), s.identity, nil
	case strings.Contains(address, "/pckcrl?"):
		return chain("Sgx-Pck-Crl-Issuer-Chain", s.issuers), s.pckCRL, nil
	case strings.HasSuffix(address, ".der"):
		return nil, s.crl, nil
	}
	return nil, nil, errors.New("no answer for " + address)
}

// issuersOf are the certificates behind the one that signed the quote, as PEM.
func issuersOf(quote []byte) string {
	proto, err := tdxabi.QuoteToProto(quote)
	must(err)
	chain, err := tdx.ExtractChainFromQuote(proto)
	must(err)
	text := func(c *x509.Certificate) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return text(chain.IntermediateCertificate) + text(chain.RootCertificate)
}

func tdxJudge(quote, binder []byte, now time.Time, files []string) func() error {
	intel := &service{
		signers:  string(contents(files[0])),
		issuers:  issuersOf(quote),
		tcbInfo:  contents(files[1]),
		identity: contents(files[2]),
		pckCRL:   contents(files[3]),
		crl:      contents(files[4]),
	}
	verify := &tdx.Options{
		CheckRevocations: true, GetCollateral: true, Getter: intel,
		Now: &tdx.TimeSet{PckCertChain: now, TcbInfo: now, QeIdentity: now,
			PckCrl: now, RootCaCrl: now},
	}
	validate := &tdxvalidate.Options{TdQuoteBodyOptions: tdxvalidate.TdQuoteBodyOptions{
		ReportData: binder,
	}}
	return func() error {
		if err := tdx.RawTdxQuote(quote, verify); err != nil {
			return err
		}
		return tdxvalidate.RawTdxQuote(quote, validate)
	}
}

func cpu() time.Duration {
	var used syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func main() {
	judges := map[string]func([]byte, []byte, time.Time, []string) func() error{
		"snp": snpJudge, "tdx": tdxJudge}
	if len(os.Args) < 8 || judges[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: see the head of peer.go")
		os.Exit(2)
	}
	seconds, err := strconv.ParseInt(os.Args[4], 10, 64)
	must(err)
	times, err := strconv.Atoi(os.Args[5])
	must(err)
	judge := judges[os.Args[1]](contents(os.Args[2]), reportData(os.Args[3]),
		time.Unix(seconds, 0), os.Args[6:])
	must(judge())
	start := cpu()
	for i := 0; i < times; i++ {
		must(judge())
	}
	fmt.Printf("%.1f\n", float64((cpu()-start).Nanoseconds())/1e3/float64(times))
}
