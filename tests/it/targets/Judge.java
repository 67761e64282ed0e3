import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Judges chains as one side of TLS judges the other: the root first, then `client:FILE` or `server:FILE` per chain. */
class Judge {
    public static void main(String[] files) throws Exception {
        CertificateFactory x509 = CertificateFactory.getInstance("X.509");
        KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
        roots.load(null, null);
        roots.setCertificateEntry("root", x509.generateCertificate(new FileInputStream(files[0])));
        TrustManagerFactory pkix = TrustManagerFactory.getInstance("PKIX");
        pkix.init(roots);
        X509TrustManager judge = (X509TrustManager) pkix.getTrustManagers()[0];
        for (int at = 1; at < files.length; at++) {
            String[] words = files[at].split(":", 2);
            X509Certificate[] chain =
                    x509.generateCertificates(new FileInputStream(words[1])).toArray(new X509Certificate[0]);
            try {
                if (words[0].equals("client")) {
                    judge.checkClientTrusted(chain, "EC");
                } else {
                    judge.checkServerTrusted(chain, "ECDHE_ECDSA");
                }
                System.out.println(files[at] + " trusted");
            } catch (CertificateException refused) {
                System.out.println(files[at] + " refused: " + refused.getMessage());
            }
        }
    }
}
